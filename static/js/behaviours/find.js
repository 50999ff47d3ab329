// Search within a payload: marks every match, counts them, and Enter goes to the next one. Without scripts, or where a browser
// can't mark text without changing it, the field stays hidden and the browser's own search serves. The texts are attributes.
const canMark = globalThis.Highlight && CSS.highlights;

// The matches, also those across elements, as ranges.
function matches(root, wanted) {
  const nodes = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let text = "";
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, start: text.length });
    text += walker.currentNode.data;
  }
  const folded = text.toLowerCase();
  // A letter whose lower case is longer would move all that follows.
  const [haystack, needle] = folded.length === text.length ? [folded, wanted.toLowerCase()] : [text, wanted];
  const ranges = [];
  let at = 0;
  const place = (offset) => {
    while (at + 1 < nodes.length && nodes[at + 1].start <= offset) at += 1;
    return [nodes[at].node, offset - nodes[at].start];
  };
  for (let from = haystack.indexOf(needle); from >= 0 && needle; from = haystack.indexOf(needle, from + needle.length)) {
    const range = new Range();
    range.setStart(...place(from));
    range.setEnd(...place(from + needle.length - 1));
    range.setEnd(range.endContainer, range.endOffset + 1);
    ranges.push(range);
  }
  return ranges;
}

function show(root, range) {
  const [box, own] = [root.getBoundingClientRect(), range.getBoundingClientRect()];
  if (own.top < box.top || own.bottom > box.bottom) root.scrollTop += own.top - box.top - box.height / 2;
  if (own.left < box.left || own.right > box.right) root.scrollLeft += own.left - box.left - box.width / 2;
}

for (const find of canMark ? document.querySelectorAll("[data-find]") : []) {
  const root = document.getElementById(find.dataset.find);
  const [field, said] = [find.querySelector("input"), find.querySelector("[data-found]")];
  let [ranges, current] = [[], 0];
  const update = () => {
    CSS.highlights.set("found", new Highlight(...ranges));
    CSS.highlights.set("found-now", new Highlight(...ranges.slice(current, current + 1)));
    const found = said.dataset.found.replace("{number}", current + 1).replace("{count}", ranges.length);
    said.textContent = ranges.length ? found : field.value && said.dataset.none;
    if (ranges.length) show(root, ranges[current]);
  };
  field.addEventListener("input", () => {
    [ranges, current] = [matches(root, field.value), 0];
    update();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !ranges.length) return;
    event.preventDefault();
    current = (current + (event.shiftKey ? -1 : 1) + ranges.length) % ranges.length;
    update();
  });
  find.hidden = !root;
}
