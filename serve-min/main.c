#include "serve-min/serve.h"

int main(int argc, char **argv)
{
    return ot_serve_main(argc, argv);
}
