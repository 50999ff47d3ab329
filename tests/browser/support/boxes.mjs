// Functions that run in the page and measure what is drawn where.

/** Amounts of money that are broken over several lines, or whose letters are. */
export function brokenAmounts() {
  const amount = /^\s*[−-]?\s?(?:[A-Z]{3}|[₹$€£¥])\s?[\d,]+(?:\.\d+)?\s*$/;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (text) =>
    (amount.test(text.data) && text.parentElement.checkVisibility() ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP));
  const broken = [];
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
    if (tops.size > 1) broken.push(`${texts.currentNode.data.trim()} on ${tops.size} lines`);
  }
  return broken;
}

/** Cells of tables whose content is drawn beyond them, and parts of e-mail addresses that are broken. */
export function spilledCells() {
  const spilled = [];
  for (const cell of document.querySelectorAll("main table td, main table th")) {
    if (!cell.checkVisibility()) continue;
    const box = cell.getBoundingClientRect();
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      const boxes = [...range.getClientRects()].filter(({ width }) => width > 0);
      const text = texts.currentNode.data.trim();
      if (boxes.some(({ left, right }) => left < box.left - 1 || right > box.right + 1)) spilled.push(`${text} leaves its cell`);
      const lines = new Set(boxes.map(({ top }) => Math.round(top)));
      if (cell.matches(".address") && lines.size > 1) spilled.push(`${text} is broken`);
    }
  }
  return spilled;
}
