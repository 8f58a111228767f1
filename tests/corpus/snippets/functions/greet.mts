import greetings from "./_shared/greetings.json" with { type: "json" };

interface Env {
    PUNCTUATION: string;
}

export default {
    async fetch(request, env, ctx): Promise<Response> {
        ctx.passThroughOnException();
        const language = new URL(request.url).pathname.split("/")[2] as keyof typeof greetings;
        return new Response(`${greetings[language] ?? greetings.en}${env.PUNCTUATION}`);
    },
} satisfies ExportedHandler<Env>;
