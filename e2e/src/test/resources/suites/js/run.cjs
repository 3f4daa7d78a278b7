'use strict';
// node run.cjs TOPIC...: runs the scenarios of these topics. NODE_PATH says which client; SKERRY_E2E_ONLY, a regular
// expression, chooses among them.
require('./harness.cjs').main(process.argv.slice(2));
