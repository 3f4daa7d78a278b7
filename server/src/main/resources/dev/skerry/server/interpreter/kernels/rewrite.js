// What a module or a script may say at its outermost level and a cell may say again: `const`, `let` and `class` become
// `var`, so that a cell can be run twice, and `import … from` becomes `await import(…)`. Everything else stays.
(function install(setup) {
    "use strict";
    const BEFORE_EXPRESSION = new Set(["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else",
        "do", "await", "yield", "instanceof"]);
    const WORD = /[A-Za-z0-9_$\u0080-\uffff]/;

    // Calls back for every word at depth 0 with its place and what stood before it, and behind every block that ends.
    function scan(code, onWord, onEnd) {
        let depth = 0;
        let before = "";
        let newline = true;
        const templates = [];
        for (let i = 0; i < code.length;) {
            const c = code[i];
            if (c === "\n") {
                newline = true;
                i++;
            } else if (/\s/.test(c)) {
                i++;
            } else if (code.startsWith("//", i)) {
                const end = code.indexOf("\n", i);
                i = end < 0 ? code.length : end;
            } else if (code.startsWith("/*", i)) {
                const end = code.indexOf("*/", i + 2);
                i = end < 0 ? code.length : end + 2;
            } else if (c === "'" || c === '"') {
                i = afterQuote(code, i);
                before = '"';
                newline = false;
            } else if (c === "`" || (c === "}" && templates.length && templates[templates.length - 1] === depth)) {
                if (c === "}") {
                    templates.pop();
                    depth--;
                }
                const found = afterTemplate(code, i + 1);
                i = found.at;
                if (found.open) {
                    depth++;
                    templates.push(depth);
                    before = "(";
                } else {
                    before = '"';
                }
                newline = false;
            } else if (c === "/" && !(/[\w$)\]}"\u0080-\uffff]$/.test(before) && !BEFORE_EXPRESSION.has(before))) {
                i = afterExpression(code, i);
                before = '"';
                newline = false;
            } else if (WORD.test(c)) {
                let end = i;
                while (end < code.length && WORD.test(code[end])) {
                    end++;
                }
                const word = code.slice(i, end);
                if (depth === 0) {
                    onWord(word, i, end, before, newline);
                }
                before = word;
                newline = false;
                i = end;
            } else {
                if (c === "(" || c === "[" || c === "{") {
                    depth++;
                } else if (c === ")" || c === "]" || c === "}") {
                    depth--;
                    if (c === "}" && depth === 0) {
                        onEnd(i + 1);
                    }
                }
                before = c;
                newline = false;
                i++;
            }
        }
    }

    function afterQuote(code, at) {
        for (let i = at + 1; i < code.length; i++) {
            if (code[i] === "\\") {
                i++;
            } else if (code[i] === code[at] || code[i] === "\n") {
                return i + 1;
            }
        }
        return code.length;
    }

    function afterTemplate(code, at) {
        for (let i = at; i < code.length; i++) {
            if (code[i] === "\\") {
                i++;
            } else if (code[i] === "`") {
                return {at: i + 1, open: false};
            } else if (code.startsWith("${", i)) {
                return {at: i + 2, open: true};
            }
        }
        return {at: code.length, open: false};
    }

    function afterExpression(code, at) {
        let inClass = false;
        for (let i = at + 1; i < code.length; i++) {
            if (code[i] === "\\") {
                i++;
            } else if (code[i] === "[") {
                inClass = true;
            } else if (code[i] === "]") {
                inClass = false;
            } else if ((code[i] === "/" && !inClass) || code[i] === "\n") {
                return i + 1;
            }
        }
        return code.length;
    }

    function imported(statement) {
        const found = /^import\s*(?:([\s\S]*?)\s*from\s*)?(["'])([^"'\n]+)\2(?:\s*with\s*\{[^}]*\})?/.exec(statement);
        if (!found) {
            return null;
        }
        const load = "await import(" + JSON.stringify(found[3].replace(/^npm:/, "")) + ")";
        if (!found[1]) {
            return {length: found[0].length, text: load};
        }
        const parts = /^(?:([\w$]+)\s*,?\s*)?(?:\*\s*as\s+([\w$]+)|\{([\s\S]*)\})?$/.exec(found[1].trim());
        if (!parts) {
            return null;
        }
        if (parts[2]) {
            const first = parts[1] ? ", " + parts[1] + " = " + parts[2] + ".default" : "";
            return {length: found[0].length, text: "var " + parts[2] + " = " + load + first};
        }
        const names = (parts[3] || "").split(",").map(name => name.trim()).filter(Boolean)
            .filter(name => !name.startsWith("type ")).map(name => name.replace(/\s+as\s+/, ": "));
        if (parts[1]) {
            names.unshift("default: " + parts[1]);
        }
        return {length: found[0].length, text: "var {" + names.join(", ") + "} = " + load};
    }

    setup.rewrite = code => {
        const changes = [];
        let until = 0;
        let inClass = false;
        scan(code, (word, at, end, before, newline) => {
            const starts = before === "" || before === ";" || before === "}"
                || (newline && !/^[=+\-*,.?:&|<([]$/.test(before));
            if (!starts || at < until) {
                return;
            }
            const after = code.slice(end);
            if ((word === "const" || word === "let") && /^\s*[\w$[{\u0080-\uffff]/.test(after)
                && !/^\s+(?:in|of|instanceof)\b/.test(after)) {
                changes.push([at, end, "var"]);
            } else if (word === "class") {
                const name = /^\s+([\w$\u0080-\uffff]+)/.exec(after);
                if (name && name[1] !== "extends") {
                    changes.push([at, end, "var " + name[1] + " = class"]);
                    inClass = true;
                }
            } else if (word === "export" && /^\s+(?:const|let|var|function|class|async)\b/.test(after)) {
                changes.push([at, end, ""]);
            } else if (word === "import" && /^\s*["'{*\w$]/.test(after)) {
                const change = imported(code.slice(at));
                if (change) {
                    changes.push([at, at + change.length, change.text]);
                    until = at + change.length;
                }
            }
        }, at => {
            if (inClass) {
                changes.push([at, at, ";"]);
                inClass = false;
            }
        });
        let result = "";
        let from = 0;
        for (const [at, end, text] of changes) {
            result += code.slice(from, at) + text;
            from = end;
        }
        return result + code.slice(from);
    };
})
