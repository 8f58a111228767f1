#include "tests/unit/unit.h"

#include "build/interpreter.h"

#include <string.h>

static void test_calls(void **state)
{
    static const char *const makers[] = {
        "new Function(code)",
        "var f = Function(\"a\", code);",
        "Function(\"return \" + x)()",
        "x;new Function(\"return this.x\")",
        "\nFunction.apply(this, params)",
        "return Function.bind.apply(Function, list), Function.call(null, code)",
        "await new AsyncFunction(\"x\", code)",
        "new Function(\"return this\")();new Function(body)",
        "new Function('return this' + code)",
        "new Function(`\"use strict\"; ${code}`)",
        "(0, eval)(code)",
        "// node_modules/function-bind/index.js\nFunction(a);\n// "
        "node_modules/ejs/ejs.js\nFunction(b);",
        "x;\nconst ctor = options?.async ? AsyncFunction : Function;\n",
        "call(later ? compile : Function, code)",
        "lines.push(body), construct(Function, lines).apply(null, types)",
        "a=construct(Function,$)(...types)",
        "x = eval(code)",
        "eval(\"1 + \" + x)",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(makers); i++) {
        struct ot_span output = ot_span_of(makers[i]);
        struct ot_span call = ot_interpreter_call(output);

        if (call.data == NULL)
            fail_msg("not found: %s", makers[i]);
        assert_true(ot_span_is(call, "Function") || ot_span_is(call, "eval"));
        assert_true(call.data >= output.data && call.data < output.data + output.len);
    }
}

static void test_others(void **state)
{
    static const char *const others[] = {
        "",
        "Function",
        "isFunction(value)",
        "lib.Function(code)",
        "lib.AsyncFunction(code)",
        "isAsyncFunction(code)",
        "this.#Function(code)",
        "caf\xc3\xa9"
        "Function(code)",
        "Function.prototype.toString.call(f)",
        "x instanceof Function",
        "Function(\"return this\")()",
        "new Function('return this;')()",
        "new Function(``)",
        "Function()",
        "function() {}",
        "eval",
        "eval(\"require\")",
        "props: { done: Function, other : Function }",
        "a ? b : c;\n({ type : Function })",
        "const F = Function;",
        "// ../node_modules/function-bind/implementation.js\nbound = Function(\"binder\", code);",
        "a ? b : Functional;",
        "check(Function, value)",
        "(Function, list)(a)",
        "check(Function, a, b)(c)",
        "page.evaluate(code)",
        "page.eval(code)",
        "retrieval(code)",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(others); i++) {
        /* an own copy, so that reading beyond its end shows */
        size_t len = strlen(others[i]);
        OT_AUTOFREE char *text = ot_alloc(len + 1, 1);

        memcpy(text + 1, others[i], len);
        if (ot_interpreter_call((struct ot_span){text + 1, len}).data != NULL)
            fail_msg("found: %s", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
