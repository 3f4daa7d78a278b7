#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "launch.h"
#include "shim.h"

int main(int argc, char **argv) {
    if (argc < 2) {
        return guestd_main(argc, argv);
    }
    if (strcmp(argv[1], "spawner") == 0) {
        return spawner_main(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "trial") == 0) {
        return launch_trial_main();
    }
    fprintf(stderr, "usage: guestd            process 1 of a sandbox, speaks on descriptors 0 and 1\n"
                    "       guestd spawner    forks shims for a host, speaks on descriptors 0 and 1\n"
                    "       guestd trial      tries to start a sandbox without a runtime, says how it went\n");
    return 2;
}
