/* The headers of a kit: what is read stands in order, within the file, under names of its own. */
#include "package/kit.h"

#include "verify/layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct ot_kit *kit, uint64_t size)
{
    uint64_t at = 0;

    require(kit->count > 0 && ot_kit_find(kit, OT_KIT_PAYLOAD) != NULL);
    for (size_t i = 0; i < kit->count; i++) {
        const struct ot_kit_member *member = &kit->members[i];

        require(member->offset == at + OT_BLOCK);
        require(strstr(member->name, "..") == NULL && member->name[0] != '/');
        require(i == 0 || strcmp(member[-1].name, member->name) < 0);
        at = member->offset + ot_padded(member->size);
    }
    require(at + OT_TRAILER_SIZE == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOCLOSE int fd = memfd_create("kit", MFD_CLOEXEC);
    struct ot_error err = {0};
    struct ot_kit kit;

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    if (ot_kit_index(fd, size, &kit, &err) == 0)
        check(&kit, size);
    else
        require(err.kind == OT_REFUSED && err.code != NULL);
    return 0;
}
