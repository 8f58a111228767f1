// Runs inside the engine, between functions whose permissions.net lists hosts and the network: lets through what the list names, and refuses the
// rest in words. A function's rules are its props, which only the engine's config can give it.
//
// NETWORKS: "internet" reaches public addresses, "named" every address, "net:<function>" the public ones and the ranges that it names. They look
// names up themselves and connect to the very address that they have checked.

const rulesByFunction = new Map();

// { function, any, names: [[name, port]], below: [[name, port]], ranges: [[32 hex digits, bits, port]], network }; port 0 is every port.
function readRules(props) {
  return { ...props, ranges: props.ranges.map(([base, bits, port]) => ({ base: BigInt(`0x${base}`), bits, port })) };
}

function rulesOf(props) {
  let rules = rulesByFunction.get(props.function);
  if (rules === undefined) rulesByFunction.set(props.function, (rules = readRules(props)));
  return rules;
}

const MAPPED = 0xffffn << 32n;

// The address that a URL's host name is, as a number of 128 bits, IPv4 as IPv4-mapped IPv6; undefined for a name. URLs have but one form of each.
function addressOf(host) {
  if (/^[\d.]+$/.test(host)) return host.split(".").reduce((sum, part) => (sum << 8n) + BigInt(part), 0n) + MAPPED;
  if (!host.startsWith("[")) return undefined;
  const [head, tail] = host.slice(1, -1).split("::").map((side) => (side === "" ? [] : side.split(":")));
  const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

// A range of IPv6 holds no IPv4 address, also "::/0".
function holds({ base, bits }, address) {
  const rest = BigInt(128 - bits);
  return (bits >= 96 || address >> 32n !== 0xffffn) && address >> rest === base >> rest;
}

// Which of the networks leads to the host; undefined: it may not be reached.
function networkFor(rules, host, port) {
  const isPort = (wanted) => wanted === 0 || wanted === port;
  const address = addressOf(host);
  if (address !== undefined) {
    if (rules.ranges.some((range) => isPort(range.port) && holds(range, address))) return "named";
  } else {
    if (rules.names.some(([name, wanted]) => name === host && isPort(wanted))) return "named";
    if (rules.below.some(([name, wanted]) => host.endsWith(`.${name}`) && isPort(wanted))) return rules.network;
  }
  return rules.any ? rules.network : undefined;
}

function choose(env, props, url, port) {
  const network = networkFor(rulesOf(props), url.hostname.replace(/\.$/, ""), port);
  if (network !== undefined) return env[network];
  const problem = `permissions.net of "${props.function}" does not name ${url.hostname}:${port}`;
  console.error(problem);
  throw new TypeError(problem);
}

const DEFAULT_PORTS = { "http:": 80, "https:": 443, "ws:": 80, "wss:": 443 };

export default {
  fetch(request, env, { props }) {
    const url = new URL(request.url);
    const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
    return choose(env, props, url, port).fetch(request);
  },

  async connect(socket, env, { props }) {
    const { localAddress: wanted } = await socket.opened;
    const url = new URL(`http://${wanted}`);
    const port = Number(wanted.slice(wanted.lastIndexOf(":") + 1));
    const peer = choose(env, props, url, port).connect({ hostname: url.hostname, port });
    await Promise.all([socket.readable.pipeTo(peer.writable), peer.readable.pipeTo(socket.writable)]);
  },
};
