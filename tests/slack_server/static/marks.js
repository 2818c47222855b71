// Slack's markup (mrkdwn), rich text and markdown as nodes. Nothing is ever read as HTML.
import { make } from "./words.js";

const decoded = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const EMOJI = {
  white_check_mark: "✅", x: "❌", warning: "⚠️", rotating_light: "🚨", eyes: "👀", hourglass: "⌛", no_entry: "⛔", pause_button: "⏸️",
  red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", white_circle: "⚪", bell: "🔔", mailbox: "📫", bulb: "💡",
  information_source: "ℹ️", chart_with_upwards_trend: "📈", tada: "🎉", page_facing_up: "📄", lock: "🔒", clock3: "🕒",
};
const emoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);

const INLINE = [
  [/^```\n?([\s\S]+?)```/, (m) => make("pre", {}, decoded(m[1]))],
  [/^`([^`\n]+)`/, (m) => make("code", {}, decoded(m[1]))],
  [/^<@([A-Z0-9]+)(?:\|[^>]*)?>/, (m, names) => make("span.mention", {}, `@${names[m[1]] ?? m[1]}`)],
  [/^<#([A-Z0-9]+)(?:\|[^>]*)?>/, (m, names) => make("span.mention", {}, `#${names[m[1]] ?? m[1]}`)],
  [/^<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>/, (m, names) => make("span.mention.loud", {}, `@${names[m[1]] ?? m[1]}`)],
  [/^<!(channel|here|everyone)(?:\|[^>]*)?>/, (m) => make("span.mention.loud", {}, `@${m[1]}`)],
  [/^<!date\^(\d+)\^[^|>]*\|([^>]*)>/, (m) => make("span", {}, decoded(m[2]))],
  [/^<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>/, (m) => link(decoded(m[1]), decoded(m[2] ?? m[1]))],
];
const STYLES = { "*": "strong", _: "em", "~": "s" };

const link = (url, text) => make("a", { href: /^(https?|mailto):/.test(url) ? url : "#", target: "_blank", rel: "noreferrer" }, text);

/** mrkdwn as nodes. */
export function marked(text, names) {
  const out = document.createElement("span");
  out.className = "marked";
  for (const part of text.split(/(```[\s\S]+?```)/)) {
    if (part.startsWith("```")) out.append(...inline(part, names));
    else out.append(...lines(part, names));
  }
  return out;
}

function lines(text, names) {
  const out = [];
  let broken = true; // a quote is a line of its own
  text.split("\n").forEach((line) => {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (!broken && !quoted) out.push(make("br"));
    broken = Boolean(quoted);
    if (quoted) out.push(make("span.quote", {}, ...inline(quoted[1], names)));
    else out.push(...inline(line, names));
  });
  return out;
}

function inline(text, names) {
  const out = [];
  let plain = "";
  let before = "";
  const flush = () => {
    if (plain) out.push(emoji(decoded(plain)));
    plain = "";
  };
  while (text) {
    const found = INLINE.map(([pattern, drawn]) => [text.match(pattern), drawn]).find(([match]) => match);
    const style = STYLES[text[0]];
    const end = style && !/[\p{L}\p{N}]/u.test(before) ? ending(text) : -1;
    if (found) {
      flush();
      out.push(found[1](found[0], names));
      before = ">";
      text = text.slice(found[0][0].length);
    } else if (end > 0) {
      flush();
      out.push(make(style, {}, ...inline(text.slice(1, end), names)));
      before = text[end];
      text = text.slice(end + 1);
    } else {
      before = String.fromCodePoint(text.codePointAt(0));
      plain += before;
      text = text.slice(before.length);
    }
  }
  flush();
  return out;
}

/** Where the style that opens a text closes: not after a space, and not before a letter. */
function ending(text) {
  for (let at = 2; at < text.length; at++) {
    if (text[at] === "\n") return -1;
    if (text[at] === text[0] && text[at - 1] !== " " && text[1] !== " " && !/[\p{L}\p{N}]/u.test(text[at + 1] ?? "")) return at;
  }
  return -1;
}

/** A text object as nodes. */
export const text = (object, names) =>
  object.type === "mrkdwn" ? marked(object.text, names) : make("span.marked", {}, emoji(decoded(object.text)));

function styled(node, style = {}) {
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) {
    if (style[name]) node = make(tag, {}, node);
  }
  return node;
}

function part(one, names) {
  switch (one.type) {
    case "text": return styled(make("span.marked", {}, one.text), one.style);
    case "link": return styled(link(one.url, one.text || one.url), one.style);
    case "user": return make("span.mention", {}, `@${names[one.user_id] ?? one.user_id}`);
    case "usergroup": return make("span.mention.loud", {}, `@${names[one.usergroup_id] ?? one.usergroup_id}`);
    case "channel": return make("span.mention", {}, `#${names[one.channel_id] ?? one.channel_id}`);
    case "broadcast": return make("span.mention.loud", {}, `@${one.range}`);
    case "emoji": return make("span", {}, emoji(`:${one.name}:`));
    case "date": return make("span", {}, one.fallback ?? new Date(one.timestamp * 1000).toLocaleString());
    default: return make("span", {}, one.value ?? "");
  }
}

/** A rich_text block as nodes. */
export function rich(block, names) {
  const parts = (one) => one.elements.map((inner) => part(inner, names));
  return make("div.rich", {}, ...block.elements.map((one) => {
    switch (one.type) {
      case "rich_text_list":
        return make(one.style === "ordered" ? "ol" : "ul", { class: `indent${one.indent ?? 0}`, start: (one.offset ?? 0) + 1 },
          ...one.elements.map((item) => make("li", {}, ...parts(item))));
      case "rich_text_preformatted": return make("pre", {}, ...parts(one));
      case "rich_text_quote": return make("blockquote", {}, ...parts(one));
      default: return make("p", {}, ...parts(one));
    }
  }));
}

/** A markdown block, as far as a trial needs it: headings, lists, bold, code. */
export function markdown(source) {
  const bold = (line) => line.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((piece) =>
    piece.startsWith("**") ? make("strong", {}, piece.slice(2, -2)) : piece.startsWith("`") ? make("code", {}, piece.slice(1, -1)) : piece);
  return make("div.rich", {}, ...source.split("\n").map((line) => {
    const heading = line.match(/^#{1,6} (.*)/);
    const item = line.match(/^[-*] (.*)/);
    if (heading) return make("h4", {}, ...bold(heading[1]));
    return item ? make("li", {}, ...bold(item[1])) : make("p", {}, ...bold(line));
  }));
}
