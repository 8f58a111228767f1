// Templates that become code when they are used.
import Handlebars from "npm:handlebars@^4.7.8";

const receipt = Handlebars.compile("{{#each lines}}{{count}} x {{name}}; {{/each}}{{#if paid}}paid{{else}}due{{/if}} by {{customer}}");

Deno.serve(async (request) => new Response(receipt(await request.json())));
