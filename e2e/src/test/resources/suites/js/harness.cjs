'use strict';
// A runner of scenarios. Prints a plan, then for each scenario `ok NAME` or `not ok NAME: MESSAGE` and lines of detail
// that begin with #. What a scenario makes with t.create() is killed when it ends, however it ends.

const assert = require('node:assert/strict');

const PASS = process.env.SKERRY_E2E_PASS;
const RUN = `run${Date.now()}${process.pid}`;
const all = [];
let unhandled = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));
process.on('uncaughtException', (error) => unhandled.push(error));

function topic(name, sdk) {
  const state = { name, sdk, shared: undefined };
  /** Declares one; the body gets { create, shared, track }. */
  function scenario(short, body, seconds = 60) {
    all.push({ name: `${name}/${short}`, body, seconds, state });
  }
  return { scenario };
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a condition, which may be asynchronous, and returns what it returned. */
async function until(what, condition, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) {
      throw new Error(`waited in vain for ${typeof what === 'function' ? what() : what}, ${seconds} s`);
    }
    await sleep(25);
  }
}

/** The promise is rejected with this class (or one that it is named like), and a message of this form. */
async function rejects(promise, type, message) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    assert.ok(error instanceof type, `expected ${type.name}, got ${error && error.name}: ${error && error.message}`);
    if (message) assert.match(String(error.message), message);
    return error;
  }
  throw new Error(`expected ${type.name}, got ${JSON.stringify(value)}`);
}

function withDeadline(promise, seconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function context(state, made) {
  return {
    /** A sandbox that ends with the scenario. Arguments as of Sandbox.create. */
    async create(...options) {
      const sandbox = await state.sdk.Sandbox.create(...options);
      made.push(sandbox.sandboxId);
      return sandbox;
    },
    track(id) {
      made.push(id);
    },
    /** A sandbox that the scenarios of a topic share. */
    async shared() {
      if (state.shared === undefined) state.shared = await state.sdk.Sandbox.create({ timeoutMs: 600000 });
      return state.shared;
    },
  };
}

async function runOne({ name, body, seconds, state }) {
  const made = [];
  let failure;
  unhandled = [];
  try {
    await withDeadline(body(context(state, made)), seconds);
  } catch (error) {
    failure = error;
  }
  for (const id of made) {
    await withDeadline(state.sdk.Sandbox.kill(id), 20).catch((error) => {
      failure = failure || error;
    });
  }
  failure = failure || unhandled[0];
  if (failure === undefined) {
    console.log(`ok ${name}`);
    return true;
  }
  const error = failure instanceof Error ? failure : new Error(String(failure));
  console.log(`not ok ${name}: ${error.name}: ${String(error.message).replace(/\s*\n\s*/g, ' ')}`);
  for (const line of String(error.stack).split('\n').slice(0, 12)) console.log(`# ${line}`);
  if (error.cause) console.log(`# caused by ${String(error.cause).split('\n')[0]}`);
  return false;
}

async function main(topics) {
  for (const name of topics) require(`./topics/${name}.cjs`);
  const only = process.env.SKERRY_E2E_ONLY;
  const chosen = only ? all.filter((scenario) => new RegExp(only).test(scenario.name)) : all;
  console.log(`1..${chosen.length}`);
  let failed = false;
  const states = new Set();
  for (const scenario of chosen) {
    states.add(scenario.state);
    if (!(await runOne(scenario))) failed = true;
    const last = chosen.filter((other) => other.state === scenario.state).at(-1) === scenario;
    if (last && scenario.state.shared) await scenario.state.shared.kill().catch(() => undefined);
  }
  process.exit(failed ? 1 : 0);
}

module.exports = { PASS, RUN, assert, main, rejects, sleep, topic, until };
