// Updates "just now" and "12 s ago" in every time[datetime][data-ago] younger than a day. The texts are attributes of the body,
// in the language of the page.
const texts = document.body.dataset;
const units = [[1, 1, texts.justNow], [60, 1, texts.secondsAgo], [3600, 60, texts.minutesAgo], [86400, 3600, texts.hoursAgo]];

function tick() {
  for (const time of document.querySelectorAll("time[datetime][data-ago]")) {
    const age = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000));
    const [, length, pattern] = units.find(([limit]) => age < limit) ?? [];
    const text = pattern?.replace("{count}", Math.floor(age / length));
    if (text && time.textContent !== text) time.textContent = text;
  }
}

if (texts.justNow) setInterval(tick, 10_000);
