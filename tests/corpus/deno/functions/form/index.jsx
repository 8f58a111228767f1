import { renderToString } from "@hono/hono/jsx/dom/server";

function Field({ name, value = "" }) {
  return <label>{name}<input name={name} value={value} /></label>;
}

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const html = renderToString(
      <form method="post">
        {[...searchParams].map(([name, value]) => <Field name={name} value={value} />)}
      </form>,
    );
    return new Response(html, { headers: { "content-type": "text/html" } });
  },
};
