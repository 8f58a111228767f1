import { Hono } from "npm:hono@4";
const List = <T,>(p: { items: T[] }) => <ul a={x / 2} b='it"s'>{p.items.map((i) => <li key={i}>don't {"}"} <br /></li>)}</ul>;
export default { fetch: (r: Request) => new Response(<List items={[]}><></></List>) };
