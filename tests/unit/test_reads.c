/* Which files a source is seen to read. */
#include "tests/unit/unit.h"

#include "build/reads.h"

#include <string.h>

/* "c:path" and so on, one for each that is found */
static void describe(const char *text, struct ot_buf *out)
{
    static const char letters[] = "rc.d";
    struct ot_tokens tokens;
    struct ot_resolve known[] = {
        {.specifier = (char[]){"npm:zip@1"},
         .virtual_path = (char[]){"_package/zip/1.0.0/dist/index.js"}},
        {.specifier = (char[]){"zip/x.bin"}, .virtual_path = (char[]){"_package/zip/1.0.0/x.bin"}},
        {.specifier = (char[]){"fs"}, .url = (char[]){"node:fs"}},
        {.specifier = (char[]){"gone"}, .error = (char[]){"cannot resolve \"gone\""}},
    };
    const struct ot_resolves resolves = {known, OT_COUNT(known)};
    struct ot_reads reads = {0};

    ot_lex(ot_span_of(text), &tokens);
    assert_true(tokens.sound);
    ot_reads_find(&tokens, "pay/src/main.ts", &resolves, &reads);
    ot_buf_puts(out, "");
    for (size_t i = 0; i < reads.count; i++) {
        const struct ot_read *read = &reads.items[i];

        ot_buf_puts(out, i > 0 ? " " : "");
        for (unsigned bit = 0; bit < 4; bit++) {
            if ((read->flags & 1u << bit) != 0 && 1u << bit != OT_READ_FROM_CWD)
                ot_buf_putc(out, letters[bit]);
        }
        if ((read->flags & OT_READ_GUARDED) != 0)
            ot_buf_putc(out, 't');
        ot_buf_printf(out, "%s%s", (read->flags & OT_READ_FROM_CWD) != 0 ? ":./" : ":", read->path);
    }
    ot_reads_free(&reads);
    ot_tokens_free(&tokens);
}

static void check(const char *text, const char *expected)
{
    OT_AUTOBUF struct ot_buf found = {0};

    describe(text, &found);
    if (strcmp(found.data, expected) != 0)
        fail_msg("%s\nfound    %s\nexpected %s", text, found.data, expected);
}

static void found(void **state)
{
    static const struct {
        const char *text, *reads;
    } cases[] = {
        /* literals */
        {"Deno.readTextFile('./x.txt')", "rc:./x.txt"},
        {"Deno.readTextFile(`a/../x.txt`)", "rc:./x.txt"},
        {"fs.readFileSync('x.txt', 'utf8')", "c:./x.txt"},
        {"readFileSync(\"./data/x.txt\")", "c:./data/x.txt"},
        {"Deno.readTextFile(new URL('../x.txt', import.meta.url))", "rc:pay/x.txt :pay/x.txt"},
        {"fetch(new URL('x.txt', import.meta.url))", "rc:pay/src/x.txt :pay/src/x.txt"},
        {"fetch('x.txt')", ""},
        {"Deno.open('x.txt')", ""},
        {"Deno.readTextFile(new URL('x.txt', import.meta.url).pathname)",
         "rc:pay/src/x.txt :pay/src/x.txt"},
        /* paths that are put together */
        {"fs.readFileSync(path.join(import.meta.dirname, 'x.txt'))",
         "c:pay/src/x.txt :pay/src/x.txt"},
        {"fs.readFileSync(path.join(import.meta.dirname!, '..', '/data', 'x.txt'))",
         "c:pay/data/x.txt :pay/data/x.txt"},
        {"readFileSync(resolve(__dirname, '../x.txt'))", "c:pay/x.txt :pay/x.txt"},
        {"readFile(__dirname + '/x' + '.txt')", "c:pay/src/x.txt :pay/src/x.txt"},
        {"Deno.readFile(`${import.meta.dirname}/x.txt`)", "c:pay/src/x.txt :pay/src/x.txt"},
        {"Deno.readFile(Deno.cwd() + '/x.txt')", "c:./x.txt"},
        {"fs.readFileSync(path.resolve(process.cwd(), 'data', 'x.txt'))", "c:./data/x.txt"},
        {"fs.readFileSync(path.resolve('data', 'x.txt'))", "c:./data/x.txt"},
        {"fs.readFileSync(fileURLToPath(new URL('./x.txt', import.meta.url)))",
         "c:pay/src/x.txt :pay/src/x.txt"},
        {"createReadStream(dirname(fromFileUrl(import.meta.url)) + '/x')", "c:pay/src/x"},
        {"readFileSync(new URL('.', import.meta.url).pathname + 'x.txt')",
         "rc:pay/src/x.txt :pay/src/x.txt"},
        {"readFileSync((import.meta.dirname ?? '.') + '/x.txt')", "c:pay/src/x.txt"},
        {"readFileSync(import.meta.dirname ?? '.', '/x.txt')", "c:pay/src"},
        /* constants */
        {"const here = dirname(fileURLToPath(import.meta.url));\nconst NAME: string = 'x';\n"
         "readFileSync(join(here, `${NAME}.txt`))",
         "c:pay/src/x.txt :pay/src/x.txt"},
        {"const p = new URL('x.txt', import.meta.url)\nawait Deno.readTextFile(p)",
         ":pay/src/x.txt c:pay/src/x.txt"},
        {"const path = require('path'); readFileSync(path.join(__dirname, 'x'))",
         "c:pay/src/x :pay/src/x"},
        {"const a = 'x'; { const a = 'y'; readFileSync(a) }", ""},
        {"let a = 'x'; readFileSync(a)", ""},
        {"const a = b, b = a; readFileSync(a + b)", ""},
        {"const html = load(path.join(import.meta.dirname, 'x.html'))", ":pay/src/x.html"},
        /* what import.meta.resolve gives */
        {"Deno.readFile(new URL('x.wasm', import.meta.resolve('npm:zip@1')))",
         "rc:_package/zip/1.0.0/dist/x.wasm :_package/zip/1.0.0/dist/x.wasm"
         " :_package/zip/1.0.0/dist/index.js"},
        {"const at = import.meta.resolve(`npm:zip@1`);\n"
         "readFileSync(fileURLToPath(new URL('../x', at)))",
         ":_package/zip/1.0.0/dist/index.js c:_package/zip/1.0.0/x :_package/zip/1.0.0/x"},
        {"fetch(import.meta.resolve('zip/x.bin'))",
         "c:_package/zip/1.0.0/x.bin :_package/zip/1.0.0/x.bin"},
        {"Deno.readTextFile(new URL(import.meta.resolve('../x.txt')))",
         "c:pay/x.txt :pay/x.txt :pay/x.txt"},
        {"new URL('x', import.meta.resolve('fs'))", ""},
        {"new URL('x', import.meta.resolve('gone')); new URL('x', import.meta.resolve('never'))",
         ""},
        {"new URL('x', import.meta.resolve(name))", ""},
        /* parts that are not known */
        {"Deno.readTextFile(`./mails/${name}.html`)", "c:./mails/*.html"},
        {"readFileSync(join(__dirname, 'mails', lang(), name + '.html'))",
         "c:pay/src/mails/*/*.html :pay/src/mails/*/*.html"},
        {"readFileSync('mails/' + (a ? 'x' : 'y'))", "c:./mails/*"},
        {"readFileSync(name)", ""},
        {"readFileSync(name + '.html')", ""},
        {"readFileSync(a ? './x' : './y')", ""},
        {"readFileSync('./x' || y)", "c:./x"},
        {"readFileSync('a\\\\b')", ""},
        {"Deno.readDir('./posts')", "cd:./posts"},
        {"fs.readdirSync(join(__dirname, 'posts'))", "cd:pay/src/posts :pay/src/posts"},
        /* out of reach */
        {"Deno.readTextFile('/etc/passwd')", ""},
        {"Deno.readTextFile(new URL('file:///etc/passwd'))", ""},
        {"readFileSync(join('/etc', 'passwd'))", ""},
        {"readFileSync(join(__dirname, '../../../x'))", "c:../x"},
        {"Deno.readFile(new URL('../../../../x', import.meta.url))", "rc:../../x"},
        {"new URL('../../../../x', import.meta.url)", ""},
        {"fetch(new URL('/x', 'https://example.com'))", ""},
        {"fetch(new URL('https://example.com/x', import.meta.url))", ""},
        {"fetch(new URL('//example.com/x', import.meta.url))", ""},
        /* a try */
        {"try { await Deno.readTextFile('x') } catch {}", "ct:./x"},
        {"try { f(() => { readFileSync(__dirname + '/x') }) } catch {}",
         "ct:pay/src/x t:pay/src/x"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check(cases[i].text, cases[i].reads);
}

static void places(void **state)
{
    static const char text[] =
        "// \xc3\xa9\r\nfs.readFileSync(\r\n  'x');\xe2\x80\xa8readFile('y')";
    struct ot_tokens tokens;
    struct ot_reads reads = {0};

    (void)state;
    ot_lex(ot_span_of(text), &tokens);
    ot_reads_find(&tokens, "pay/index.ts", NULL, &reads);
    assert_int_equal(reads.count, 2);
    assert_int_equal(reads.items[0].line, 3);
    assert_int_equal(reads.items[0].column, 3);
    assert_int_equal(reads.items[1].line, 4);
    assert_int_equal(reads.items[1].column, 10);
    ot_reads_free(&reads);
    ot_tokens_free(&tokens);
}

/* Text that would keep a quadratic reader busy until the test's time is up, or overflow a deep one.
 */
static void hostile(void **state)
{
    static const struct {
        const char *open, *close;
    } units[] = {
        {"join(", ")"},
        {"readFile(", ")"},
        {"const a = b; const b = a;", ""},
        {"`${", "}`"},
        {"new URL(", ")"},
        {"path.join(__dirname,", ")"},
        {"__dirname + ", "'x'"},
        {"((", "))"},
        {"readFile(a + ", "1)"},
        {"const a = a + a,", ""},
        {"x.", "x"},
        {"readFile('x');", ""},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(units); i++) {
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_tokens tokens;
        struct ot_reads reads = {0};
        size_t count = 200000 / strlen(units[i].open);

        for (size_t j = 0; j < count; j++)
            ot_buf_puts(&text, units[i].open);
        for (size_t j = 0; j < count; j++)
            ot_buf_puts(&text, units[i].close);
        ot_lex(ot_buf_span(&text), &tokens);
        ot_reads_find(&tokens, "pay/index.ts", NULL, &reads);
        ot_reads_free(&reads);
        ot_tokens_free(&tokens);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found),
        cmocka_unit_test(places),
        cmocka_unit_test(hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
