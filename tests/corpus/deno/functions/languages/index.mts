// Loaded when it is asked for.
const table = async (language: string) => {
  switch (language) {
    case "de":
      return (await import("./de.json", { with: { type: "json" } })).default;
    default:
      return (await import("./en.js")).default;
  }
};

export default {
  async fetch(request: Request) {
    const words = await table(new URL(request.url).searchParams.get("l") ?? "en");
    return Response.json(words);
  },
};
