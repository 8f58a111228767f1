// WebAssembly in the source itself: a list of numbers, and base64 as packages have it.
const seven = new WebAssembly.Module(
    new Uint8Array([
        0, 97, 115, 109, 0x01, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 7, 11,
    ]),
);
const eight = Uint8Array.from(atob("AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEICw=="), (letter) => letter.charCodeAt(0));

const f = (instance: WebAssembly.Instance) => (instance.exports.f as () => number)();

export default async () => {
    const { instance } = await WebAssembly.instantiate(eight);
    return Response.json([f(new WebAssembly.Instance(seven)), f(instance)]);
};
