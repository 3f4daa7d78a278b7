"""run.py TOPIC...: runs the scenarios of these topics. SKERRY_E2E_ONLY, a regular expression, chooses among them."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402

harness.main(sys.argv[1:])
