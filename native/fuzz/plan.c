// The plan of a shim: parsed in place, so the copy has the one spare byte that the spawner keeps behind it.
#include <stdlib.h>
#include <string.h>

#include "../src/shim.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct plan plan;
    char why[MESSAGE_MAX] = "";
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, bytes, size);
    if (plan_parse(&plan, copy, size, why)) {
        if (plan.run_dir == NULL || plan.args_count == 0 || strlen(plan.args[0]) > size) {
            abort();
        }
        for (size_t i = 0; i < plan.steps_count; i++) {
            if (plan.steps[i].target == NULL || strlen(plan.steps[i].target) > size) {
                abort();
            }
        }
        for (size_t i = 0; i < plan.inside_count; i++) {
            if (plan.inside[i].target == NULL || strlen(plan.inside[i].target) > size) {
                abort();
            }
        }
        if (plan.filter_size > size || (plan.root != NULL && plan.filter_size == 0)) {
            abort();
        }
    } else if (why[0] == 0) {
        abort();
    }
    free(copy);
    return 0;
}
