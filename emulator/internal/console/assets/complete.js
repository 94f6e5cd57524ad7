// What can stand where the caret is, under the editor: the keys of the schema at that place of the document, operations,
// codes and parameters. Ctrl+Space leads there, the arrows through it, Enter takes one, Escape leads back.
const form = document.querySelector("[data-editor]");
const bar = document.querySelector("[data-words]");
if (form && bar) complete(form.elements.source, bar);

function complete(text, bar) {
  let words;
  let due;

  const later = () => {
    clearTimeout(due);
    due = setTimeout(suggest, 120);
  };
  text.addEventListener("focus", async () => {
    words ??= await fetch(bar.dataset.words).then((answer) => answer.json()).catch(() => undefined);
    suggest();
  });
  for (const event of ["input", "keyup", "click"]) text.addEventListener(event, later);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('[value="play"]'));
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      suggest();
      bar.querySelector("button")?.focus();
    }
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") text.focus();
    else if (step) {
      const all = [...bar.querySelectorAll("button")];
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
    } else return;
    event.preventDefault();
  });
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { typed } = place();
    text.focus();
    text.setSelectionRange(text.selectionStart - typed.length, text.selectionStart);
    document.execCommand("insertText", false, button.dataset.insert); // keeps undo, and tells of the input
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // place is where the caret is: the keys that lead there, what is typed so far, and the key whose value it is.
  function place() {
    const lines = text.value.slice(0, text.selectionStart).split("\n");
    const line = lines.pop();
    const value = /([\w.]+):\s+["']?([^\s"',{}[\]]*)$/.exec(line);
    const inside = /[{,]\s*([\w.]*)$/.exec(line); // a key of a mapping in braces
    const typed = value ? value[2] : inside ? inside[1] : /([\w.]*)$/.exec(line)[1];
    let indent = /^[\s-]*/.exec(line)[0].length;
    const path = [];
    const item = (before) => /^\s*-\s/.test(before) || /^\s*-$/.test(before.trimEnd());
    const first = /^(\s*)(- +)?/.exec(line);
    if (first[2]) path.unshift("[]");
    let level = first[2] ? first[1].length + 1 : indent;
    if (inside) {
      const opened = /([\w.]+):\s*\{[^{}]*$/.exec(line);
      if (opened) path.push(opened[1]);
    }
    let on = /on:\s*(\S+)/.exec(line)?.[1];
    for (const before of lines.toReversed()) {
      if (!before.trim() || /^\s*#/.test(before)) continue;
      const lead = /^(\s*)(- +)?/.exec(before);
      const column = lead[0].length;
      if (item(before) && lead[1].length < level && column <= level) {
        path.unshift("[]");
        level = lead[1].length + 1;
        on ??= /on:\s*(\S+)/.exec(before)?.[1];
      }
      const key = /^([\w.]+|"[^"]*"):/.exec(before.slice(column))?.[1];
      if (key === "on") on ??= before.split(":").slice(1).join(":").trim();
      if (key && column < level && (path.length > 0 || true)) {
        path.unshift(key);
        level = column;
        if (item(before)) {
          path.unshift("[]");
          level = lead[1].length + 1;
        }
      }
    }
    return { path, typed, key: value?.[1], on: on?.replace(/["',[\]]/g, "") };
  }

  // at are the parts of the schema that a path leads to.
  function at(path) {
    let found = [words.schema];
    for (const key of path) {
      found = found.flatMap(resolved).flatMap((s) =>
        key === "[]" ? s.items ?? [] : s.properties?.[key] ?? (typeof s.additionalProperties === "object" ? s.additionalProperties : []));
    }
    return found.flatMap(resolved);
  }

  // resolved are a schema's own alternatives, with references followed.
  function resolved(schema) {
    if (schema.$ref) return resolved(words.schema.$defs[schema.$ref.split("/").pop()]);
    return [schema, ...(schema.anyOf ?? schema.oneOf ?? []).flatMap(resolved)];
  }

  // meant are the operations that a rule is about.
  function meant(on) {
    const some = words.operations.filter(({ name }) => on && (name === on || (on.endsWith(".*") && name.startsWith(on.slice(0, -1)))));
    return some.length > 0 ? some : words.operations;
  }

  function suggest() {
    if (!words || bar.contains(document.activeElement)) return; // else the focus would go with the button
    const { path, typed, key, on } = place();
    let list;
    if (key === "on" || key === "call") list = words.operations.map(({ name }) => [name, ""]);
    else if (key === "fail") list = [...new Set(meant(on).flatMap(({ codes }) => codes))].map((code) => [code, ""]);
    else if (key) list = at([...path, key]).flatMap((s) => (s.enum ?? []).concat(s.type === "boolean" ? [true, false] : []).map((v) => [String(v), s.description]));
    else {
      list = at(path).flatMap((s) => Object.entries(s.properties ?? {}).map(([name, s]) => [`${name}: `, s.description ?? resolved(s)[0].description]));
      if (path.at(-1) === "when" || path.at(-1) === "not") {
        list.push(...[...new Set(meant(on).flatMap(({ params }) => params))].map((name) => [`params.${name}: `, "A parameter of the call."]));
      }
    }
    const seen = new Set();
    list = list.filter(([word]) => word.toLowerCase().startsWith(typed.toLowerCase()) && word !== typed && !seen.has(word) && seen.add(word));
    bar.replaceChildren(...list.slice(0, 24).map(([word, why]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.insert = word;
      button.textContent = word.replace(/: $/, "");
      if (why) button.title = why;
      return button;
    }));
    bar.hidden = list.length === 0;
  }
}
