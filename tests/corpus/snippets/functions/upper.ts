// Streams in, streams out.
export default {
    fetch: (request: Request) =>
        new Response(
            request.body?.pipeThrough(new TextDecoderStream()).pipeThrough(
                new TransformStream<string, string>({ transform: (text, to) => to.enqueue(text.toUpperCase()) }),
            ).pipeThrough(new TextEncoderStream()) ?? "no body",
        ),
};
