// Block Kit as nodes. `does` is how an element that was used tells the app: does(block, element, value).
import { chart } from "./charts.js";
import { markdown, marked, rich, text } from "./marks.js";
import { make, word } from "./words.js";

/** All blocks of a message or a view. `view` holds what was entered so far and what was found wrong, for modals. */
export function drawn(blocks, names, does, view = null) {
  return blocks.map((block) => make(`div.block.${block.type}`, { "data-block": block.block_id }, ...inside(block, names, does, view)));
}

function inside(block, names, does, view) {
  const use = (element) => drawnElement(block, element, names, does, view);
  switch (block.type) {
    case "header": return [make("h3", {}, text(block.text, names))];
    case "divider": return [make("hr")];
    case "section": return section(block, names, use);
    case "context": return block.elements.map((one) => (one.type === "image" ? image(one) : text(one, names)));
    case "actions":
    case "context_actions": return block.elements.map(use);
    case "image": return [make("figure", {}, block.title ? make("figcaption", {}, text(block.title, names)) : null, image(block))];
    case "input": return [input(block, names, use, view)];
    case "rich_text": return [rich(block, names)];
    case "markdown": return [markdown(block.text)];
    case "table":
    case "data_table": return [table(block, names)];
    case "data_visualization": return [chart(block)];
    case "alert": return [make(`p.alert.${block.level ?? "default"}`, {}, text(block.text, names))];
    case "card": return card(block, names, use);
    case "carousel": return block.elements.map((one) => make("div.card", { "data-block": one.block_id }, ...inside(one, names, does, view)));
    case "container": return [container(block, names, does, view)];
    default: return [make("p.unknown", {}, block.type)];
  }
}

function section(block, names, use) {
  const fields = block.fields && make("div.fields", {}, ...block.fields.map((one) => make("p", {}, text(one, names))));
  const words = make("div.words", {}, block.text ? make("p", {}, text(block.text, names)) : null, fields);
  return [words, block.accessory ? use(block.accessory) : null].filter(Boolean);
}

function image(one) {
  const id = one.slack_file?.id;
  return id ? make("img", { src: `/trial/file/${id}`, alt: one.alt_text }) : make("span.placeholder", {}, `${word("image")}: ${one.alt_text}`);
}

function card(block, names, use) {
  return [
    block.hero_image ? image(block.hero_image) : null,
    block.title ? make("h4", {}, text(block.title, names)) : null,
    block.subtitle ? make("p.subtitle", {}, text(block.subtitle, names)) : null,
    block.body ? make("p", {}, text(block.body, names)) : null,
    block.actions ? make("div.actions", {}, ...block.actions.map(use)) : null,
  ].filter(Boolean);
}

function container(block, names, does, view) {
  const title = block.rich_text_title ? rich(block.rich_text_title, names) : text(block.title, names);
  const head = [make("strong", {}, title), block.subtitle ? make("p.subtitle", {}, text(block.subtitle, names)) : null];
  const children = drawn(block.child_blocks, names, does, view);
  if (!block.is_collapsible) return make("div.inner", {}, ...head, ...children);
  return make("details.inner", { open: !block.default_collapsed }, make("summary", {}, ...head), ...children);
}

function table(block, names) {
  const cell = (one) => (one.type === "rich_text" ? rich(one, names) : one.text ?? String(one.value));
  const rows = block.rows.map((row, index) =>
    make("tr", {}, ...row.map((one, column) => {
      const settings = block.column_settings?.[column] ?? {};
      return make(index ? "td" : "th", { class: `${settings.align ?? "left"} ${settings.is_wrapped ? "wrapped" : ""}` }, cell(one));
    })));
  return make("div.scroll", {}, make("table", {}, block.caption ? make("caption", {}, block.caption) : null, ...rows));
}

function input(block, names, use, view) {
  const wrong = view?.errors[block.block_id];
  return make("label.input", {},
    make("span.label", {}, text(block.label, names), block.optional ? ` ${word("optional")}` : ""),
    use(block.element),
    wrong ? make("span.wrong", { role: "alert" }, wrong) : null,
    block.hint ? make("span.hint", {}, text(block.hint, names)) : null);
}

function drawnElement(block, element, names, does, view) {
  const held = view?.state[block.block_id]?.[element.action_id] ?? {};
  const tell = (value) => (block.type === "input" && !block.dispatch_action ? null : does(block, element, value));
  const common = { "data-action": element.action_id, "data-type": element.type };
  const hint = element.placeholder?.text;
  switch (element.type) {
    case "button":
    case "workflow_button": {
      const pressed = () => {
        if (element.url && /^https?:/.test(element.url)) window.open(element.url, "_blank", "noreferrer");
        does(block, element, null);
      };
      return make(`button.${element.style ?? "plain"}`, { ...common, type: "button", onclick: pressed, title: element.accessibility_label },
        text(element.text, names));
    }
    case "icon_button": return make("button.plain", { ...common, type: "button", onclick: () => tell(null) }, text(element.text, names));
    case "feedback_buttons":
      return make("span", {}, ...[element.positive_button, element.negative_button].map((one) =>
        make("button.plain", { type: "button", onclick: () => tell(one.value) }, text(one.text, names))));
    case "image": return image(element);
    case "overflow": return menu(element.options, word("more"), "", { ...common, onchange: (event) => tell(event.target.value) });
    case "static_select":
    case "users_select":
    case "conversations_select":
    case "channels_select": {
      const chosen = held.selected_option?.value ?? element.initial_option?.value ?? "";
      const offered = element.options ?? element.option_groups?.flatMap((one) => one.options) ?? named(element.type, names);
      return menu(offered, hint ?? word("choose"), chosen, { ...common, onchange: (event) => tell(event.target.value) });
    }
    case "radio_buttons":
    case "checkboxes":
    case "multi_static_select": return several(block, element, names, held, tell, common);
    case "datepicker": return typed("date", held.selected_date ?? element.initial_date, common, tell);
    case "timepicker": return typed("time", held.selected_time ?? element.initial_time, common, tell);
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input": {
      const value = held.value ?? element.initial_value ?? "";
      const entered = { ...common, placeholder: hint, maxlength: element.max_length, onchange: (event) => tell(event.target.value) };
      if (element.multiline) return make("textarea", { ...entered, rows: 4 }, value);
      return make("input", { ...entered, type: element.type === "number_input" ? "number" : "text", value });
    }
    default: return make("span.unknown", {}, element.type);
  }
}

const typed = (type, value, common, tell) => make("input", { ...common, type, value, onchange: (event) => tell(event.target.value) });

const named = (type, names) => Object.entries(names).filter(([id]) => (type === "users_select" ? id[0] === "U" : "CD".includes(id[0])))
  .map(([id, name]) => ({ value: id, text: { text: name } }));

function menu(options, hint, chosen, properties) {
  return make("select", properties, make("option", { value: "", selected: !chosen, disabled: true }, hint),
    ...options.map((one) => make("option", { value: one.value, selected: one.value === chosen }, one.text.text)));
}

function several(block, element, names, held, tell, common) {
  const one = element.type === "radio_buttons";
  const start = held.selected_options ?? element.initial_options ?? [held.selected_option ?? element.initial_option].filter(Boolean);
  const chosen = new Set(start.map((option) => option.value));
  const changed = (event) => {
    const values = [...event.currentTarget.querySelectorAll("input:checked")].map((input) => input.value);
    tell(one ? values[0] : values);
  };
  const offered = element.options ?? element.option_groups.flatMap((group) => group.options);
  return make("fieldset", { ...common, onchange: changed }, ...offered.map((option) =>
    make("label", {},
      make("input", { type: one ? "radio" : "checkbox", name: `${block.block_id} ${element.action_id}`, value: option.value, checked: chosen.has(option.value) }),
      " ", text(option.text, names), option.description ? make("span.hint", {}, text(option.description, names)) : null)));
}

/** What stands in the inputs of a modal, by block. */
export function entered(root) {
  const values = {};
  for (const block of root.querySelectorAll(".block.input")) {
    const element = block.querySelector("[data-action]");
    const checked = [...element.querySelectorAll("input:checked")].map((one) => one.value);
    const kind = element.dataset.type;
    const value = kind === "radio_buttons" ? checked[0] : ["checkboxes", "multi_static_select"].includes(kind) ? checked : element.value;
    values[block.dataset.block] = value || null;
  }
  return values;
}

export { marked };
