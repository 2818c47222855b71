// The page: asks the server for what this person sees, draws it when it changed, and tells what they do.
import { drawn, entered, marked } from "./blocks.js";
import { text } from "./marks.js";
import { lang, make, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search); // ?as=U…&in=C…&home=1 opens at that place
const at = { me: asked.get("as") ?? "", channel: asked.get("in") ?? "", home: asked.has("home"), thread: "", seen: "", modal: "" };
let state = null;

document.documentElement.lang = lang;
for (const one of document.querySelectorAll("[data-word]")) one.textContent = word(one.dataset.word);
$("words").placeholder = word("write");
$("language").append(make("a", { href: "?lang=ja" }, "日本語"), " · ", make("a", { href: "?lang=en" }, "English"));

async function look() {
  const answer = await fetch(`/trial/state?as=${at.me}&in=${at.channel}`);
  const said = await answer.text();
  if (said === at.seen) return;
  at.seen = said;
  state = JSON.parse(said);
  at.me = state.me;
  at.channel = state.here;
  draw();
}

async function act(what) {
  const body = JSON.stringify({ as: at.me, in: at.channel, ...what });
  const answer = await fetch("/trial/act", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const told = await answer.json();
  $("told").textContent = told.refused ?? (told.failed ? `${word("failed")} ${told.failed}` : "");
  await look();
}

function draw() {
  $("team").textContent = state.team;
  $("connected").textContent = word(state.connected ? "on" : "off");
  $("connected").className = state.connected ? "on" : "off";
  $("me").replaceChildren(...state.people.map((one) => make("option", { value: one.id, selected: one.id === at.me }, one.name)));
  const place = (label, here, go) => make("li", {}, make("button", { type: "button", "aria-current": here ? "page" : null, onclick: go }, label));
  const go = (channel, home) => () => Object.assign(at, { channel, home, thread: "", seen: "" }) && look();
  $("channels").replaceChildren(...state.channels.map((one) =>
    place(`${one.private ? "🔒" : "#"} ${one.name}`, !at.home && one.id === state.here, go(one.id, false))));
  const opensHome = () => { at.home = true; at.seen = ""; act({ act: "home" }); };
  $("app").replaceChildren(
    place(word("messages"), !at.home && state.here === state.dm, go(state.dm, false)),
    place(word("home"), at.home, opensHome));
  $("title").textContent = at.home ? `${state.bot.name} – ${word("home")}` : state.here === state.dm ? state.bot.name : `# ${state.names[state.here]}`;
  $("composer").hidden = at.home;
  if (at.home) drawHome();
  else drawMessages();
  drawModal();
}

function drawHome() {
  const blocks = state.home ? drawn(state.home.body.blocks, state.names, press({ view: state.home.id })) : [word("nohome")];
  $("said").replaceChildren(make("div.home", {}, ...blocks));
}

function drawMessages() {
  const box = $("said");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  const roots = state.messages.filter((one) => !one.thread || !state.messages.some((other) => other.ts === one.thread));
  const out = [];
  for (const root of roots) {
    out.push(message(root));
    const replies = state.messages.filter((one) => one.thread === root.ts);
    if (replies.length) out.push(make("div.thread", {}, ...replies.map(message)));
  }
  if (state.mistakes.length) out.push(make("div.mistakes", {}, make("strong", {}, word("mistakes")), ...state.mistakes.map((one) => make("pre", {}, one))));
  box.replaceChildren(...(out.length ? out : [make("p.empty", {}, word("empty"))]));
  if (atEnd) box.scrollTop = box.scrollHeight;
  const root = state.messages.find((one) => one.ts === at.thread);
  $("replying").hidden = !root;
  if (root) $("replying").firstElementChild.textContent = `${word("replying")} ${root.who}`;
}

function message(one) {
  const body = one.blocks.length ? drawn(one.blocks, state.names, press({ ts: one.ts })) : [make("p", {}, marked(one.text, state.names))];
  const files = one.files.map((file) => file.gone
    ? make("p.file", {}, `📄 ${file.name} (${word("gone")})`)
    : /\.(png|jpe?g)$/i.test(file.name) ? make("img", { src: `/trial/file/${file.id}`, alt: file.name })
      : make("p.file", {}, `📄 ${file.name} (${file.size.toLocaleString()} ${word("bytes")})`));
  const reactions = Object.entries(one.reactions).map(([name, count]) => make("span.reaction", {}, marked(`:${name}:`, state.names), ` ${count}`));
  const replies = () => { at.thread = one.thread || one.ts; draw(); $("words").focus(); };
  return make(one.only ? "article.only" : "article", { "data-ts": one.ts },
    make("header", {}, make("strong", {}, one.who), one.bot ? make("span.tag", {}, word("app_tag")) : null, make("time", {}, one.at),
      one.edited ? make("span.edited", {}, word("edited")) : null,
      one.only ? make("span.hint", {}, `👁 ${word("only")}`) : make("button.reply", { type: "button", onclick: replies }, word("reply"))),
    ...body, ...files, reactions.length ? make("p", {}, ...reactions) : null);
}

/** Tells the app that an element was used, after asking where the element wants that. */
const press = (where) => async (block, element, value) => {
  if (element.confirm && !(await sure(element.confirm))) return;
  await act({ act: "press", ...where, block: block.block_id, action: element.action_id, value });
};

function sure(confirm) {
  return new Promise((answer) => {
    const box = $("confirm");
    const end = (yes) => () => { box.close(); answer(yes); };
    box.replaceChildren(make("h3", {}, text(confirm.title, state.names)), make("p", {}, text(confirm.text, state.names)),
      make("div.buttons", {},
        make("button.plain", { type: "button", onclick: end(false) }, text(confirm.deny, state.names)),
        make(`button.${confirm.style ?? "primary"}`, { type: "button", onclick: end(true) }, text(confirm.confirm, state.names))));
    box.oncancel = end(false);
    box.showModal();
  });
}

function drawModal() {
  const box = $("modal");
  if (!state.modal) {
    at.modal = "";
    if (box.open) box.close();
    return;
  }
  const { id, hash, body, errors } = state.modal;
  const same = `${id} ${hash} ${JSON.stringify(errors)}`;
  if (same === at.modal && box.open) return; // what is being typed stays
  at.modal = same;
  const form = make("form", {}, make("header", {}, make("h2", {}, text(body.title, state.names))),
    ...drawn(body.blocks, state.names, press({ view: id }), state.modal),
    make("div.buttons", {},
      make("button.plain", { type: "button", onclick: () => act({ act: "close", view: id }) }, body.close ? text(body.close, state.names) : word("close")),
      body.submit ? make("button.primary", { type: "submit" }, text(body.submit, state.names)) : null));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act({ act: "submit", view: id, values: entered(form) });
  });
  box.replaceChildren(form);
  box.oncancel = (event) => { event.preventDefault(); act({ act: "close", view: id }); };
  if (!box.open) box.showModal();
}

$("me").addEventListener("change", (event) => { Object.assign(at, { me: event.target.value, channel: "", seen: "", thread: "" }); look(); });
$("replying").lastElementChild.addEventListener("click", () => { at.thread = ""; draw(); });
$("words").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("words").value.trim();
  if (!words) return;
  $("words").value = "";
  if (words.startsWith("/")) act({ act: "command", text: words });
  else act({ act: "say", text: words, thread: at.thread });
});
$("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const reader = new FileReader();
  reader.onload = () => act({ act: "drop", name: file.name, content: reader.result.split(",")[1] ?? "" });
  reader.readAsDataURL(file);
  event.target.value = "";
});

const again = () => look().catch((error) => {
  console.error(error);
  at.seen = ""; // drawn anew once it can be reached again
  $("connected").textContent = word("off");
  $("connected").className = "off";
}).finally(() => setTimeout(again, 700));
again();
