// The JavaScript and TypeScript kernel: runs cells one after the other in node's global scope.
// How it speaks to the server is told in wire.py: frames on descriptors of its own (7 requests, 8 and 9 the outputs).
(function kernel(require, setup) {
    "use strict";
    const fs = require("fs");
    const net = require("net");
    const repl = require("repl");
    const stream = require("stream");
    const util = require("util");
    const vm = require("vm");
    const modules = require("module");

    const PIECE = 3500;
    const EVENT_MAX = 16 << 20;
    const REQUESTS = 7, OUT = 8, ERR = 9;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    let number = 0;
    let count = 0;

    function writeAll(descriptor, bytes) {
        let at = 0;
        while (at < bytes.length) {
            try {
                at += fs.writeSync(descriptor, bytes, at, bytes.length - at);
            } catch (e) {
                if (e.code !== "EAGAIN") {
                    throw e;
                }
                Atomics.wait(pause, 0, 0, 5);
            }
        }
    }

    function frame(descriptor, flag, data) {
        writeAll(descriptor, Buffer.from("\x1e" + setup.token + flag + number + ":" + data + "\n", "latin1"));
    }

    function ascii(text) {
        return text.replace(/[\u007f-\uffff]/g, c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
    }

    function send(event) {
        number++;
        let data = ascii(JSON.stringify(event));
        if (data.length > EVENT_MAX) {
            data = JSON.stringify({type: "oversized", bytes: data.length});
        }
        frame(ERR, ".", "");
        for (; data.length > PIECE; data = data.slice(PIECE)) {
            frame(OUT, "+", data.slice(0, PIECE));
        }
        frame(OUT, ".", data);
    }

    // What is printed is out before the next statement runs, so it is in order with the events.
    function output(descriptor) {
        const target = new stream.Writable({
            decodeStrings: true,
            write(chunk, _, done) {
                try {
                    writeAll(descriptor, chunk);
                    done();
                } catch (e) {
                    done(e);
                }
            },
        });
        target.fd = descriptor;
        target.on("error", () => {});
        return target;
    }
    const stdout = output(1), stderr = output(2);
    Object.defineProperty(process, "stdout", {configurable: true, get: () => stdout});
    Object.defineProperty(process, "stderr", {configurable: true, get: () => stderr});
    const plainConsole = new console.Console({stdout, stderr});
    for (const name of Object.keys(plainConsole)) {
        if (typeof plainConsole[name] === "function") {
            console[name] = plainConsole[name].bind(plainConsole);
        }
    }

    const emitWarning = process.emitWarning;
    process.emitWarning = function (warning, ...rest) {
        if (!String(warning).startsWith("vm.USE_MAIN_CONTEXT_DEFAULT_LOADER")) {
            emitWarning.call(process, warning, ...rest);
        }
    };

    // Results

    const FIELDS = {
        "text/plain": "text", "text/html": "html", "text/markdown": "markdown", "image/svg+xml": "svg",
        "image/png": "png", "image/jpeg": "jpeg", "application/pdf": "pdf", "text/latex": "latex",
        "application/json": "json", "application/javascript": "javascript",
    };
    const DISPLAY = Symbol.for("Jupyter.display");

    function forms(value) {
        if (value !== null && value !== undefined && typeof value[DISPLAY] === "function") {
            const found = value[DISPLAY]();
            if (found && typeof found === "object") {
                return {"text/plain": util.inspect(value), ...found};
            }
        }
        return {"text/plain": typeof value === "string" ? value : util.inspect(value)};
    }

    function show(bundle, main) {
        const event = {type: "result", is_main_result: main};
        const extra = {};
        for (const [mime, data] of Object.entries(bundle)) {
            const field = FIELDS[mime];
            const value = Buffer.isBuffer(data) || data instanceof Uint8Array
                ? Buffer.from(data).toString("base64") : data;
            if (field === undefined) {
                extra[mime] = value;
            } else {
                event[field] = field === "json" ? value : String(value);
            }
        }
        if (Object.keys(extra).length) {
            event.extra = extra;
        }
        send(event);
    }
    globalThis.display = (value, options) => show(options && options.raw ? value : forms(value), false);

    // Cells

    const nothing = new stream.PassThrough();
    // The prompt is empty; what the REPL says of its own is an error nobody caught.
    const server = repl.start({
        input: nothing, output: stderr, prompt: "", terminal: false, useGlobal: true, ignoreUndefined: true,
    });
    // What a cell throws at once is the REPL's domain's to catch; what is thrown later is nobody's result.
    let refused = null;
    function astray(e) {
        if (refused && !(e && e.domainThrown)) {
            refused(e);
        } else {
            stderr.write("Uncaught " + described(e) + "\n");
        }
    }
    if (server._domain) {
        server._domain.removeAllListeners("error");
        server._domain.on("error", astray);
    }
    let interrupted = () => {};
    process.on("SIGINT", () => interrupted());
    process.on("uncaughtException", e => stderr.write("Uncaught " + described(e) + "\n"));
    process.on("unhandledRejection", e => stderr.write("Uncaught (in promise) " + described(e) + "\n"));
    const exit = process.exit;

    function described(e) {
        return e instanceof Error || util.types.isNativeError(e) ? stack(e) : util.inspect(e);
    }

    // Down to where this file or node begins, unless that is where it went wrong.
    function stack(e) {
        const lines = String(e.stack || e).split("\n");
        const own = lines.findIndex(line => /^\s+at .*(skerry-kernel\.js|node:)/.test(line));
        const code = lines.findIndex(line => /^\s+at .*<cell /.test(line));
        return own > code && code >= 0 ? lines.slice(0, own).join("\n") : lines.join("\n");
    }

    let stripped;
    function stripper() {
        if (stripped !== undefined) {
            return stripped;
        }
        if (typeof modules.stripTypeScriptTypes === "function") {
            return stripped = code => modules.stripTypeScriptTypes(code, {mode: "strip"});
        }
        for (const place of ["typescript", "/usr/share/nodejs/typescript", "/usr/lib/node_modules/typescript",
            "/usr/local/lib/node_modules/typescript"]) {
            let ts;
            try {
                ts = modules.createRequire(process.cwd() + "/")(place);
            } catch {
                continue;
            }
            const compilerOptions = {
                target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, isolatedModules: false,
                importsNotUsedAsValues: 1, verbatimModuleSyntax: true, strict: false, alwaysStrict: false,
            };
            return stripped = code => {
                const done = ts.transpileModule(code, {compilerOptions, reportDiagnostics: true});
                const wrong = (done.diagnostics || []).filter(d => d.category === ts.DiagnosticCategory.Error);
                if (wrong.length) {
                    throw new SyntaxError(ts.flattenDiagnosticMessageText(wrong[0].messageText, "\n"));
                }
                return done.outputText.replace(/^export \{\};\s*$/m, "").replace(/^"use strict";\s*/, "");
            };
        }
        return stripped = null;
    }

    const loader = vm.constants && vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    function script(code, name) {
        const options = loader ? {filename: name, importModuleDynamically: loader} : {filename: name};
        if (/^\s*\{/.test(code) && !/;\s*$/.test(code)) {
            try {
                return new vm.Script("(" + code.trim() + ")\n", options);
            } catch {
                // A block, not an object.
            }
        }
        return new vm.Script(code, options);
    }

    // The REPL of node knows how to wait at the outermost level; everything else is a script, which SIGINT can stop.
    function evaluate(code, name) {
        let ready = null;
        try {
            ready = !loader && /\bimport\s*\(/.test(code) ? null : script(code, name);
        } catch (e) {
            if (!/\bawait\b/.test(code)) {
                throw e;
            }
        }
        if (ready) {
            return ready.runInThisContext({breakOnSigint: true});
        }
        return new Promise((resolve, reject) => {
            refused = reject;
            server.eval(code, server.context, name, (error, value) => error ? reject(error) : resolve(value));
        }).finally(() => {
            refused = null;
        });
    }

    // A promise is a cell's result once it is kept; until then the cell can be interrupted.
    function settled(value) {
        if (!util.types.isPromise(value)) {
            return value;
        }
        return new Promise((resolve, reject) => {
            interrupted = () => reject(new Interrupted());
            value.then(resolve, reject);
        }).finally(() => {
            interrupted = () => {};
        });
    }

    class Interrupted extends Error {}

    function errorEvent(e) {
        if (e instanceof Interrupted || (e && e.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED")) {
            const text = "the code was interrupted";
            return {type: "error", name: "Interrupted", value: text, traceback: "Interrupted: " + text};
        }
        if (e instanceof repl.Recoverable) {
            e = e.err;
        }
        if (e instanceof Error || util.types.isNativeError(e)) {
            return {type: "error", name: String(e.name), value: String(e.message), traceback: stack(e)};
        }
        return {type: "error", name: "Error", value: util.inspect(e), traceback: "Uncaught " + util.inspect(e)};
    }

    async function run(source, name) {
        let code = source;
        if (setup.language === "typescript") {
            code = stripper()(code);
        }
        let rewritten = code;
        try {
            rewritten = setup.rewrite(code);
            new vm.Script("(async () => {" + rewritten + "\n})", {filename: name});
        } catch {
            rewritten = code; // whatever is wrong with it is said better about the original
        }
        return settled(evaluate(rewritten + "\n", name));
    }

    async function execute(request) {
        const before = {};
        for (const [name, value] of Object.entries(request.env || {})) {
            before[name] = process.env[name];
            process.env[name] = value;
        }
        count++;
        send({type: "start", id: request.id, count});
        try {
            const value = await run(request.code, "<cell " + count + ">");
            if (value !== undefined) {
                show(forms(value), true);
            }
        } catch (e) {
            send(errorEvent(e));
        } finally {
            for (const [name, value] of Object.entries(before)) {
                if (value === undefined) {
                    delete process.env[name];
                } else {
                    process.env[name] = value;
                }
            }
            send({type: "end", id: request.id});
        }
    }

    // Requests

    const start = process.cwd();
    const queue = [];
    let busy = false;
    async function next() {
        if (busy) {
            return;
        }
        busy = true;
        while (queue.length) {
            const request = queue.shift();
            if (request.op === "execute") {
                await execute(request);
            } else if (request.op === "hello") {
                const missing = setup.language === "typescript" && !stripper()
                    ? "TypeScript needs node 22.13 or newer, or the package typescript" : undefined;
                send({type: "hello", id: request.id, cwd: start, count, missing});
            }
        }
        busy = false;
    }
    let partial = "";
    const requests = new net.Socket({fd: REQUESTS, readable: true, writable: false});
    requests.setEncoding("utf8");
    requests.on("data", text => {
        const lines = (partial + text).split("\n");
        partial = lines.pop();
        for (const line of lines) {
            try {
                queue.push(JSON.parse(line));
            } catch {
                // Cut off when the server was.
            }
        }
        next();
    });
    requests.on("end", () => exit.call(process, 0));
    requests.on("error", () => exit.call(process, 1));
    if (typeof setup.rewriter === "string") {
        new vm.Script(setup.rewriter, {filename: "skerry-kernel.js"}).runInThisContext()(setup);
    }
})
