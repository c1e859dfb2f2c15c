// A page that lives for days must let go of what has left it. When a component draws itself anew, Preact puts a copy into the tree;
// the first one stays in its parent's `props.children`, with the children of that time. Components that had nothing new to draw
// (@preact/signals skips them) share their children with later trees, whose elements point to their parents: so the first one leads
// to the second tree, that to the third, … and every element that was ever shown is kept. The children of what was replaced are
// nobody's any more: they are dropped when the new ones stand. `__c`, `__v`, `__k`: Preact's _component, _vnode, _children.
import { options } from "preact";

const { vnode: made, __c: committed } = options;
let replaced = null;

options.vnode = (vnode) => {
  if (vnode.__c) replaced = vnode.__c.__v; // only a copy has its component already
  made?.(vnode);
};

options.__c = (root, queue) => {
  if (replaced && replaced !== root && replaced.__c === root.__c) replaced.__k = null;
  replaced = null;
  committed?.(root, queue);
};
