/*
 * Remembering a release: what changes when, and that it survives a kill at every system call, a
 * full disk, and others who do the same.
 */
#include "tests/unit/payload_fixture.h"

#include "verify/acceptance.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char *state_path(const struct fixture *f)
{
    return ot_asprintf("%s/state", f->dir);
}

/* Verifies the fixture's release with this sequence; nothing is remembered yet. */
static int open_release(struct fixture *f, uint64_t sequence, struct ot_payload **payload,
                        struct ot_trust *trust, struct ot_error *err)
{
    OT_AUTOFREE char *path = state_path(f);

    f->maker.sequence = sequence;
    write_payload(f);
    *trust = trust_in("a");
    if (ot_state_load(path, &trust->state, err) < 0)
        return -1;
    return ot_payload_open(f->file, trust, 1, NULL, payload, err);
}

static int begin(struct fixture *f, uint64_t sequence, struct ot_acceptance **acceptance,
                 struct ot_error *err)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct ot_trust trust;
    int done = open_release(f, sequence, &payload, &trust, err);

    if (done == 0)
        done = ot_acceptance_new(payload, &trust, acceptance, err);
    ot_trust_free(&trust);
    return done;
}

static int commit(struct ot_acceptance *acceptance, struct ot_buf *told, struct ot_error *err)
{
    int done = ot_acceptance_commit(acceptance, told, err);

    ot_acceptance_free(acceptance);
    return done;
}

static int accept_release(struct fixture *f, uint64_t sequence, struct ot_buf *told,
                          struct ot_error *err)
{
    struct ot_acceptance *acceptance;

    if (begin(f, sequence, &acceptance, err) < 0)
        return -1;
    return commit(acceptance, told, err);
}

/* -1: there is none. */
static int64_t floor_of(const struct fixture *f)
{
    OT_AUTOFREE char *path = state_path(f);
    OT_AUTOSTATE struct ot_state *state = NULL;
    struct ot_error err;

    assert_succeeds(ot_state_load(path, &state, &err), err);
    return state->exists ? (int64_t)state->floor : -1;
}

static void expect_code(struct fixture *f, uint64_t sequence, const char *code)
{
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_error err = {0};

    if (accept_release(f, sequence, &told, &err) == 0)
        fail_msg("%llu was accepted", (unsigned long long)sequence);
    if (err.code == NULL || strcmp(err.code, code) != 0)
        fail_msg("%s", err.message);
}

static void it_rises(void **state)
{
    struct fixture *f = *state;
    OT_AUTOBUF struct ot_buf told = {0};
    OT_AUTOFREE char *path = state_path(f);
    struct stat info, again;
    struct ot_error err = {0};

    assert_succeeds(accept_release(f, 7, &told, &err), err);
    assert_non_null(strstr(told.data, "made for the releases of made; the floor is 7"));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    ot_buf_clear(&told);
    assert_succeeds(accept_release(f, 7, &told, &err), err);
    assert_int_equal(told.len, 0); /* the same release changes nothing */
    assert_int_equal(stat(path, &again), 0);
    assert_int_equal(info.st_ino, again.st_ino);
    assert_succeeds(accept_release(f, 9, &told, &err), err);
    assert_non_null(strstr(told.data, "the floor is 9 now, it was 7"));
    assert_int_equal(floor_of(f), 9);
    expect_code(f, 8, OT_E_ROLLBACK);
    f->functions[0].data = OT_SPAN("export default 3;\n");
    expect_code(f, 9, OT_E_ROLLBACK); /* a fork */
    assert_succeeds(accept_release(f, 10, &told, &err), err);
}

/* Verified while the floor was lower, committed after another has raised it. */
static void overtaken(void **state)
{
    struct fixture *f = *state;
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_acceptance *old, *same;
    struct ot_error err = {0};

    assert_succeeds(begin(f, 7, &old, &err), err);
    assert_succeeds(begin(f, 9, &same, &err), err);
    assert_succeeds(accept_release(f, 9, &told, &err), err);
    assert_int_equal(commit(old, &told, &err), -1);
    assert_string_equal(err.code, OT_E_ROLLBACK);
    assert_int_equal(floor_of(f), 9);
    assert_succeeds(commit(same, &told, &err), err);
}

static void without_a_statement(void **state)
{
    struct fixture *f = *state;
    OT_AUTOFREE char *path = state_path(f);
    struct ot_trust trust = trust_in("a");
    struct ot_error err;

    maker_dist(&f->maker, f->dist, false);
    trust.allow_unsigned = true;
    assert_succeeds(ot_state_load(path, &trust.state, &err), err);
    expect(f->dist, &trust, OT_E_ROLLBACK);
    f->maker.key_count = 0;
    write_payload(f);
    expect(f->file, &trust, OT_E_ROLLBACK);
    ot_trust_free(&trust);
}

static void places_that_cannot_be_written(void **state)
{
    struct fixture *f = *state;
    OT_AUTOFREE char *lock = ot_asprintf("%s/state.lock", f->dir);
    struct ot_acceptance *acceptance;
    struct ot_error err = {0};

    assert_int_equal(mkfifo(lock, 0600), 0);
    assert_int_equal(begin(f, 7, &acceptance, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(symlink("/dev/null", lock), 0);
    assert_int_equal(begin(f, 7, &acceptance, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    assert_int_equal(unlink(lock), 0);
    assert_succeeds(begin(f, 7, &acceptance, &err), err);
    ot_acceptance_free(acceptance);
}

/* As on a full disk: a write that stops in the middle. */
static void a_write_that_fails(void **state)
{
    struct fixture *f = *state;
    const struct rlimit small = {512, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_acceptance *acceptance;
    struct ot_error err = {0};
    int done;

    assert_succeeds(accept_release(f, 7, &told, &err), err);
    assert_succeeds(begin(f, 8, &acceptance, &err), err);
    ot_buf_clear(&told);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    done = ot_acceptance_commit(acceptance, &told, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(done, -1);
    assert_int_equal(err.errnum, EFBIG);
    assert_int_equal(told.len, 0);
    assert_int_equal(floor_of(f), 7);
    assert_succeeds(commit(acceptance, &told, &err), err); /* there is room again */
    assert_int_equal(floor_of(f), 8);
}

/* -- several processes -- */

#define RIVALS 8u
#define ROUNDS 20u

/* Tries rising sequences of its own; what it accepted must never be above the floor that follows.
 */
static void compete(struct fixture *f, unsigned rival)
{
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_error err = {0};

    free(f->file);
    f->file = ot_asprintf("%s/fw%u.1tube", f->dir, rival);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t sequence = 100 + i * RIVALS + rival;
        int done = accept_release(f, sequence, &told, &err);

        if (done < 0 && (err.code == NULL || strcmp(err.code, OT_E_ROLLBACK) != 0))
            fprintf(stderr, "%s\n", err.message);
        if (done < 0 && (err.code == NULL || strcmp(err.code, OT_E_ROLLBACK) != 0))
            _exit(1);
        if (done == 0 && floor_of(f) < (int64_t)sequence)
            _exit(2);
    }
    _exit(0);
}

static void two_writers(void **state)
{
    struct fixture *f = *state;
    pid_t pids[RIVALS];
    int status;

    for (unsigned i = 0; i < RIVALS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            compete(f, i);
    }
    for (unsigned i = 0; i < RIVALS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(floor_of(f), 100 + ROUNDS * RIVALS - 1);
}

/* -- killed at every system call -- */

/* What a traced child did before it was killed. */
struct trace {
    unsigned stops;
    long calls[256]; /* at the way in */
    unsigned count;
    bool renamed; /* the new file was in its place */
    bool ended;   /* it came to its end first */
};

static bool is_rename(long call)
{
#ifdef SYS_renameat
    if (call == SYS_renameat)
        return true;
#endif
    return call == SYS_renameat2;
}

static void accept_in_child(struct fixture *f, uint64_t sequence)
{
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_acceptance *acceptance;
    struct ot_error err;

    if (begin(f, sequence, &acceptance, &err) < 0)
        _exit(1);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        _exit(2);
    raise(SIGSTOP);
    _exit(ot_acceptance_commit(acceptance, &told, &err) < 0 ? 3 : 0);
}

/* Kills it at its stop `number` from the commit on: each call has one on its way in and one on its
 * way out. */
static struct trace kill_at(struct fixture *f, uint64_t sequence, unsigned number)
{
    struct trace trace = {0};
    pid_t pid = fork();
    int status;

    if (pid == 0)
        accept_in_child(f, sequence);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
                     0);
    while (trace.stops < number) {
        struct __ptrace_syscall_info info;

        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, 0, 0), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        trace.ended = WIFEXITED(status) || WIFSIGNALED(status);
        if (trace.ended) {
            assert_int_equal(status, 0);
            return trace;
        }
        assert_int_equal(WSTOPSIG(status), SIGTRAP | 0x80);
        assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && trace.count < OT_COUNT(trace.calls))
            trace.calls[trace.count++] = (long)info.entry.nr;
        if (info.op == PTRACE_SYSCALL_INFO_EXIT && trace.count > 0 &&
            is_rename(trace.calls[trace.count - 1]))
            trace.renamed = true;
        trace.stops++;
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return trace;
}

static size_t files_beside(const struct fixture *f)
{
    OT_AUTOCLOSE int dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error err;
    size_t count = 0;

    assert_succeeds(ot_list_dir(dir, &names, f->dir, &err), err);
    for (size_t i = 0; i < names.count; i++)
        count += strstr(names.items[i], ".onetube-") != NULL;
    return count;
}

/* One kill, and the next boot after it. Returns the floor that it left. */
static int64_t kill_and_boot(struct fixture *f, int64_t old, uint64_t new, unsigned number,
                             struct trace *trace)
{
    OT_AUTOFREE char *path = state_path(f);
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_error err = {0};
    int64_t left;

    unlink(path);
    if (old >= 0)
        assert_succeeds(accept_release(f, (uint64_t)old, &told, &err), err);
    *trace = kill_at(f, new, number);
    left = floor_of(f);
    if (left != old && left != (int64_t) new)
        fail_msg("stop %u left the floor %lld", number, (long long)left);
    /* the old one boots exactly if it is the one that is remembered, and then the new one does */
    if (old >= 0 && left == old)
        assert_succeeds(accept_release(f, (uint64_t)old, &told, &err), err);
    else if (old >= 0)
        expect_code(f, (uint64_t)old, OT_E_ROLLBACK);
    assert_succeeds(accept_release(f, new, &told, &err), err);
    assert_int_equal(floor_of(f), new);
    assert_int_equal(files_beside(f), 0);
    return left;
}

/* On the disk before it has the name, and the name before anybody is told. */
static void expect_order(const struct trace *trace)
{
    unsigned step = 0;

    for (unsigned i = 0; i < trace->count; i++)
        step += step == 1 ? is_rename(trace->calls[i]) : trace->calls[i] == SYS_fsync;
    assert_int_equal(step, 3);
}

static void killed_at_every_call(void **state)
{
    static const int64_t olds[] = {7, -1};
    struct fixture *f = *state;

    for (size_t i = 0; i < OT_COUNT(olds); i++) {
        struct trace trace = {0};
        unsigned number;

        for (number = 1; !trace.ended; number++) {
            int64_t left = kill_and_boot(f, olds[i], 8, number, &trace);

            assert_int_equal(left, trace.renamed ? 8 : olds[i]);
        }
        assert_true(trace.renamed);
        assert_true(number > 40);
        expect_order(&trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(it_rises),
        test(overtaken),
        test(without_a_statement),
        test(places_that_cannot_be_written),
        test(a_write_that_fails),
        test(two_writers),
        test(killed_at_every_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
