#include "verify/image.h"

#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (2u << 20)

int ot_image_grow(struct ot_image *image, uint64_t size, struct ot_error *err)
{
    void *bytes;

    if (size <= image->size)
        return 0;
    if (image->bytes == NULL)
        bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    else
        bytes = mremap(image->bytes, image->size, size, MREMAP_MAYMOVE);
    if (bytes == MAP_FAILED)
        return ot_fail_errno(err, OT_FAILED, "no memory for %llu bytes", (unsigned long long)size);
    image->bytes = bytes;
    image->size = size;
    /* only a hint: a kernel without huge pages refuses it, and small pages do as well */
    if (size >= HUGE_PAGE)
        (void)madvise(bytes, size, MADV_HUGEPAGE);
    return 0;
}

int ot_image_seal(struct ot_image *image, struct ot_error *err)
{
    if (mprotect(image->bytes, image->size, PROT_READ) < 0)
        return ot_fail_errno(err, OT_FAILED, "cannot protect the verified bytes");
    return 0;
}

void ot_image_release(struct ot_image *image, uint64_t offset, uint64_t size)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t begin = (offset + page - 1) / page * page;
    uint64_t end = (offset + size) / page * page;

    if (begin < end)
        (void)madvise(image->bytes + begin, end - begin, MADV_DONTNEED);
}

void ot_image_free(struct ot_image *image)
{
    if (image->bytes != NULL)
        munmap(image->bytes, image->size);
    *image = (struct ot_image){0};
}
