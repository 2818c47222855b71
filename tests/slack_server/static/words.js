// What the page itself says; the bot's words are the bot's.
const WORDS = {
  en: {
    you: "You are", channels: "Channels", app: "App", messages: "Messages", home: "Home", send: "Send", file: "Put a file in",
    cancel: "Cancel", reply: "Reply in thread", only: "Only visible to you", edited: "(edited)", on: "The bot is connected",
    off: "The bot is not connected", write: "Write, or type /journey help", empty: "Nothing has been said here yet.",
    nohome: "The app has published no Home for you.", replying: "Reply to:", failed: "Slack says it failed:", close: "Close",
    gone: "deleted", bytes: "bytes", optional: "(optional)", choose: "Choose…", more: "More…", image: "Image",
    mistakes: "Slack would not have taken:", app_tag: "APP",
  },
  ja: {
    you: "あなた:", channels: "チャンネル", app: "アプリ", messages: "メッセージ", home: "ホーム", send: "送信", file: "ファイルを置く",
    cancel: "やめる", reply: "スレッドで返信", only: "あなただけに見えています", edited: "(編集済み)", on: "ボットは接続しています",
    off: "ボットは接続していません", write: "メッセージを書くか、/journey help と入力します", empty: "ここにはまだ何も書かれていません。",
    nohome: "アプリはまだホームを公開していません。", replying: "返信先:", failed: "Slack からのエラー:", close: "閉じる",
    gone: "削除済み", bytes: "バイト", optional: "(任意)", choose: "選ぶ…", more: "その他…", image: "画像",
    mistakes: "Slack なら受け付けません:", app_tag: "アプリ",
  },
};

const asked = new URLSearchParams(location.search).get("lang");
export const lang = asked in WORDS ? asked : navigator.language.startsWith("ja") ? "ja" : "en";
export const word = (name) => WORDS[lang][name];

/** An element: its tag and classes (`div.a.b`), properties, and what is in it (texts and nodes). */
export function make(what, properties = {}, ...inside) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  made.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...inside.filter((one) => one != null && one !== ""));
  return made;
}
