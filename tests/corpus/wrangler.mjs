// A wrangler project: one worker, a package.json and a tsconfig.json.

export const functions = ".";

export const as = "ann";

export const answers = {
    "book-prices": [
        { get: "/book-prices", json: { path: "/", query: "select price from books where id = ?", currency: "EUR", node: "EUR" } },
        { post: "/book-prices", body: { cents: 1250 }, text: "€12.50" },
        { post: "/book-prices", body: { cents: -1 }, status: 400, json: { cents: ["Number must be greater than or equal to 0"] } },
    ],
};
