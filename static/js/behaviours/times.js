// Updates "just now" and "12 s ago" in every time[datetime][data-ago] younger than a day. English pages only: the words are hard-coded.
const units = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"]];

function tick() {
  for (const time of document.querySelectorAll("time[datetime][data-ago]")) {
    const age = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000));
    const unit = units.find(([limit]) => age < limit);
    const text = age < 1 ? "just now" : unit && `${Math.floor(age / unit[1])}\u00a0${unit[2]} ago`;
    if (text && time.textContent !== text) time.textContent = text;
  }
}

if (document.documentElement.lang.startsWith("en")) setInterval(tick, 10_000);
