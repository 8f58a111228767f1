// What the gateway tells of itself: health, metrics, log.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { INTERNAL_KEY, eventually, refused, root, serving, test, token } from "./harness.mjs";
import { Connection } from "./raw.mjs";

const require = createRequire(path.join(root, "package.json"));
const Ajv = require("ajv/dist/2020.js").default;
const valid = (schema, value) => {
    const check = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(readFileSync(path.join(root, `schemas/${schema}.schema.json`), "utf8")));
    assert(check(value), JSON.stringify(check.errors));
};

/** Prometheus text, read strictly: { name: { type, samples: Map } }. */
function exposition(text) {
    assert(text.endsWith("\n"), "ME6 ends with a newline");
    const families = {};
    let current;
    for (const line of text.slice(0, -1).split("\n")) {
        const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
        if (comment) {
            const [, kind, name, rest] = comment;
            if (kind === "HELP") {
                assert(!(name in families), `${name} comes twice`);
                current = families[name] = { samples: new Map() };
            } else {
                current.type = rest;
            }
            continue;
        }
        const sample = /^([a-zA-Z_:][\w:]*)((?:\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (-?[\d.]+|\+Inf)$/.exec(line);
        assert(sample, `no sample: ${line}`);
        const [, name, labels, value] = sample;
        const family = name.replace(/_(bucket|sum|count)$/, (end) => (current?.type === "histogram" ? "" : end));
        assert.equal(families[family], current, `${line}: apart from its family`);
        assert(!current.samples.has(name + labels), `${line} comes twice`);
        current.samples.set(name + labels, Number(value));
    }
    return families;
}

/** @param {import("./harness.mjs").Gateway} gateway */
async function numbers(gateway) {
    const metrics = async () => exposition((await gateway.askAs(INTERNAL_KEY, "/metrics")).text);
    await test("HE2 HE3 HE5 8.2 health's details and metrics are for the key in the header alone", async () => {
        for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: `Basic ${INTERNAL_KEY}` }, { authorization: INTERNAL_KEY }, { authorization: `Bearer ${INTERNAL_KEY}x` }, { "x-internal-key": INTERNAL_KEY }]) {
            for (const query of ["", `?key=${INTERNAL_KEY}`]) {
                const health = await gateway.ask(`/health${query}`, { headers });
                assert.deepEqual([health.status, health.json()], [200, { status: "ok" }]);
                refused(await gateway.ask(`/metrics${query}`, { headers }), 403, { error: "Forbidden", reason: "forbidden" });
            }
        }
    });
    await test("9.1 liveness, and what else is at the root", async () => {
        assert.deepEqual((await gateway.ask("/")).json(), { status: "ok" });
        for (const where of ["/health/", "/metrics/x", "/1tube/api/functions", "/1tube/api/logs/invocations", "/favicon.ico", "//"]) assert.equal((await gateway.ask(where)).status, 404, where);
        assert.equal((await gateway.ask("/health", { method: "DELETE" })).status, 405);
    });
    await test("HE2 HE6 15.18 details: every function, memory, supervisor, workerd, as the schema says", async () => {
        await gateway.ask("probe/status/200");
        const health = await gateway.health();
        valid("health", health);
        assert.equal(health.function_count, health.functionList.length);
        assert(health.function_count > 10);
        assert(health.memory.rss_mb > 0);
        assert(health.memory.limit_mb === null ? health.memory.headroom_pct === null : health.memory.headroom_pct >= 0 && health.memory.headroom_pct <= 100);
        assert.deepEqual(Object.keys(health.functions).sort(), [...health.functionList].sort());
    });
    await test("HE4 ME6 metrics: a content type, and a text that a strict reader takes", async () => {
        const answer = await gateway.askAs(INTERNAL_KEY, "/metrics");
        assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        for (const [name, { type, samples }] of Object.entries(exposition(answer.text))) {
            assert.match(name, /^onetube_/);
            assert(["counter", "gauge", "histogram"].includes(type), name);
            for (const value of samples.values()) assert(Number.isFinite(value) || type === "histogram", name);
        }
    });
    await test("9.2 ME2 every name that is promised, with its type", async () => {
        await gateway.ask("three-closed"); // a dash in the label
        const families = await metrics();
        const promised = {
            gauge: "uptime_seconds metric_entries function_duration_ms_avg function_breaker_open function_error_rate function_recycle_recommended workerd_up workerd_pid workerd_rss_bytes workerd_bundle_bytes",
            counter: "requests_total errors_total function_invocations_total function_errors_total workerd_generation workerd_recycles_total refusals_total",
            histogram: "function_duration_seconds",
        };
        for (const [type, names] of Object.entries(promised)) for (const name of names.split(" ")) assert.equal(families[`onetube_${name}`]?.type, type, name);
        assert.equal(families.onetube_function_invocations_total.samples.get('onetube_function_invocations_total{function="three-closed"}'), 1);
        assert(families.onetube_workerd_bundle_bytes.samples.get('onetube_workerd_bundle_bytes{function="probe"}') > 0);
    });
    await test("ME1 breakers are told of functions that were called, and no reload before there was one", async () => {
        const families = await metrics();
        assert.deepEqual([...families.onetube_function_breaker_open.samples.keys()], ['onetube_function_breaker_open{function="probe"}']);
        assert.equal(families.onetube_workerd_last_reload_duration_ms, undefined);
    });
    await test("ME2 ME4 15.18 each number moves by what happened: requests, classes, errors, bytes, refusals, buckets", async () => {
        const names = [
            'onetube_function_invocations_total{function="probe"}',
            'onetube_function_errors_total{function="probe"}',
            'onetube_function_responses_total{function="probe",class="2xx"}',
            'onetube_function_responses_total{function="probe",class="4xx"}',
            'onetube_function_responses_total{function="probe",class="5xx"}',
            'onetube_function_request_bytes_total{function="probe"}',
            'onetube_function_duration_seconds_count{function="probe"}',
            'onetube_function_duration_seconds_bucket{function="probe",le="+Inf"}',
            'onetube_refusals_total{reason="unknown_function"}',
            'onetube_refusals_total{reason="unauthorized"}',
            "onetube_errors_total",
        ];
        const read = async () => {
            const all = new Map(Object.values(await metrics()).flatMap(({ samples }) => [...samples]));
            return names.map((name) => all.get(name));
        };
        const before = await read();
        for (let i = 0; i < 3; i++) await gateway.ask("probe/size/sub-path", { method: "POST", body: "12345" });
        await gateway.ask("probe/status/404");
        await gateway.ask("probe/status/503");
        await gateway.ask("nobody");
        await gateway.ask("closed");
        assert.deepEqual((await read()).map((value, i) => value - before[i]), [5, 1, 3, 1, 1, 15, 5, 5, 1, 1, 1]);
    });
    await test("15.18 9.2 no sub-path, query, address, user or id in any label", async () => {
        await gateway.askAs(token({ sub: "somebody" }), "probe/some/sub-path?with=query");
        const { text } = await gateway.askAs(INTERNAL_KEY, "/metrics");
        for (const word of ["sub-path", "query", "127.0.0.1", "somebody"]) assert(!text.includes(word), word);
    });
    await test("15.18 histograms: buckets add up, each one holds those before", async () => {
        const { samples } = (await metrics()).onetube_function_duration_seconds;
        let last = 0;
        for (const [name, value] of samples) {
            if (!name.startsWith('onetube_function_duration_seconds_bucket{function="probe"')) continue;
            assert(value >= last);
            last = value;
        }
        assert.equal(last, samples.get('onetube_function_duration_seconds_count{function="probe"}'));
        assert(samples.get('onetube_function_duration_seconds_sum{function="probe"}') > 0);
    });
    await test("SV3 the number of calls after which a rest is advised is told, and changes nothing else", async () => {
        for (let i = 0; i < 5; i++) assert.equal((await gateway.ask("counted")).status, 200);
        assert.equal(await gateway.metric('onetube_function_recycle_recommended{function="counted"}'), 1);
        assert.equal((await gateway.health()).supervisor.counted.recycleRecommended, true);
        assert.equal((await gateway.ask("counted")).status, 200);
    });
    await test("9.3 warm-up: counts for everyone, names for nobody in production", async () => {
        const answer = await gateway.ask("/1tube/warmup");
        assert.equal(answer.json().ready, true);
        assert(!/probe|closed/.test(answer.text));
    });
}

async function lines(gateway) {
    await test("9.7 13.4 the log: a valid line for each request, and nothing secret in it", async () => {
        const bearer = token({ sub: "a-long-user-name" });
        await gateway.askAs(bearer, "closed?password=hunter2", { method: "POST", body: "the body", headers: { "x-secret": "hunter3" } });
        await gateway.ask("probe/say");
        await new Connection(gateway.port).send("GET /x HTTP/1.1\r\nbad header\r\n\r\n").answer();
        await eventually(() => gateway.lines.some((line) => line.reason === "bad_request"), true);
        await eventually(() => gateway.lines.some((line) => line.type === "console"), true);
        for (const line of gateway.lines) valid("log", line);
        assert(!/hunter|the body|a-long-user-name/.test(gateway.logged));
        for (const secret of [bearer, INTERNAL_KEY]) assert(!(gateway.logged + gateway.said).includes(secret));
        const line = gateway.lines.find((one) => one.path === "/functions/v1/closed" && one.status === 200);
        assert.deepEqual([line.function, line.method, line.bytesIn, line.user], ["closed", "POST", 8, "a-long-u"]);
    });
    await test("9.7 the console of a function carries its request's id", async () => {
        const answer = await gateway.ask("probe/say");
        const id = answer.headers["x-1tube-invocation-id"];
        await eventually(() => gateway.lines.find((line) => line.type === "console" && line.id === id)?.message, "said by it");
    });
    await test("9.7 a path cannot forge a line", async () => {
        await new Connection(gateway.port).send("GET /functions/v1/x%0a%1b[31m\x7f\xff HTTP/1.1\r\nHost: x\r\n\r\n").answer();
        await gateway.ask("probe/status/200");
        await eventually(() => gateway.lines.length > 0, true); // every line still is JSON
        assert(!/[\x00-\x09\x0b-\x1f\x7f]/.test(gateway.logged));
    });
}

export async function watched(payload) {
    await serving("watched", [payload, ["--log-format", "json", "--default-rpm", "100000"]], async (gateway) => {
        await numbers(gateway);
        await lines(gateway);
    });
    await serving("no internal key", [payload, [], { INTERNAL_KEY: "" }], async (gateway) => {
        await test("HE1 without a key they are closed for everyone", async () => {
            for (const authorization of ["Bearer ", "Bearer", "Bearer undefined", "Bearer null"]) {
                assert.deepEqual((await gateway.ask("/health", { headers: { authorization } })).json(), { status: "ok" });
                assert.equal((await gateway.ask("/metrics", { headers: { authorization } })).status, 403);
            }
        });
    });
}
