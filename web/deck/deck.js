// Lays the slides out: a slide that is too tall loses some size, then goes on the next one.
"use strict";

const HEIGHT = 720;
const SIZES = [ // of the text, in pixels, and of pictures: at most this high
  [27, 580], [25.5, 520], [24, 460],
];
const SMALLEST = 18; // what stands alone on a slide may become as small as this

function overflows(page) {
  return page.scrollHeight > HEIGHT;
}

function resize(page, [text, picture]) {
  page.style.fontSize = `${text}px`;
  page.style.setProperty("--picture", `${picture}px`);
}

// Whether the page fits at one of the usual sizes, of which it gets the largest.
function fits(page) {
  for (const size of SIZES) {
    resize(page, size);
    if (!overflows(page)) return true;
  }
  return false;
}

// What cannot be divided becomes small enough.
function shrink(page) {
  for (let size = SIZES.at(-1)[0]; overflows(page) && size > SMALLEST; size -= 1) {
    resize(page, [size, 400]);
  }
}

// A heading stays with what follows, and so does a sentence that ends with a colon.
function leads(block) {
  return /^H\d$/.test(block.tagName) || block.textContent.trim().endsWith(":");
}

class Stack {
  constructor(section) {
    this.last = section; // pages come after it
    this.title = section.parentElement.querySelector("h1, h2, h3")?.textContent.replace("¶", "");
  }

  turn() {
    this.page = document.createElement("section");
    this.last.after(this.page);
    this.last = this.page;
    if (this.any && this.title) {
      const running = document.createElement("p");
      running.className = "running";
      running.textContent = this.title;
      this.page.append(running);
    }
    this.any = true;
  }

  get empty() {
    return !this.page.querySelector(".piece");
  }

  add(piece) {
    this.page.append(piece);
    if (fits(this.page)) return;
    piece.remove();
    fits(this.page);
    if (!this.empty) this.turn();
    this.page.append(piece);
    if (!fits(this.page)) this.split(piece);
  }

  // One block after the other; a page that is full is followed by another.
  split(piece) {
    const blocks = [...piece.children];
    let part = piece.cloneNode(false);
    piece.replaceWith(part);
    for (const block of blocks) {
      part.append(block);
      if (fits(this.page)) continue;
      const moved = [block];
      while (moved[0].previousElementSibling && leads(moved[0].previousElementSibling)) {
        moved.unshift(moved[0].previousElementSibling);
      }
      if (moved[0] === part.firstElementChild) {
        shrink(this.page);
        continue;
      }
      moved.forEach((one) => one.remove());
      fits(this.page);
      this.turn();
      part = piece.cloneNode(false);
      part.append(...moved);
      this.page.append(part);
      if (!fits(this.page)) shrink(this.page);
    }
  }
}

// The code and the outputs of a cell, without what nbconvert puts around them.
function unwrap(piece) {
  const cell = piece.querySelector(".jp-CodeCell");
  if (cell) {
    const inside = "details.code, .jp-CodeCell > .highlight, .jp-OutputArea-output";
    cell.replaceWith(...cell.querySelectorAll(inside));
  }
}

// Lines of numbers are not broken: they become smaller.
function narrow(pre) {
  for (let size = 20; pre.scrollWidth > pre.clientWidth && size >= 12; size -= 0.5) {
    pre.style.fontSize = `${size}px`;
  }
}

function paginate(section) {
  const notes = section.querySelector("aside.notes");
  notes?.remove();
  const stack = new Stack(section);
  stack.any = section.previousElementSibling !== null;
  stack.turn();
  for (const piece of [...section.querySelectorAll(".piece")]) {
    if (piece.closest(".fragment")) piece.classList.add("fragment");
    stack.add(piece);
  }
  section.remove();
  return notes;
}

async function start() {
  await MathJax.startup.promise;
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode()));
  document.querySelectorAll(".piece").forEach(unwrap);
  document.querySelectorAll("pre").forEach(narrow);
  for (const slide of document.querySelectorAll(".slides > section")) {
    const notes = [...slide.children].map(paginate).filter(Boolean);
    for (const page of slide.children) {
      page.querySelector(".piece")?.classList.remove("fragment");
      page.append(...notes.map((note) => note.cloneNode(true)));
    }
  }
  document.querySelector(".reveal").classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: HEIGHT, margin: 0, center: false, hash: true, slideNumber: "c/t",
    transition: "none", plugins: [RevealNotes],
  });
}

start();
