export { h, render, Component, Fragment, createContext } from "preact";
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext, useId } from "preact/hooks";
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from "@preact/signals";
import "./release.js";
import htm from "htm";
import { h } from "preact";

// 3: htm is to keep no element that has no variables (its README, "Caching"): Preact writes into it where it stands on the page.
export const html = htm.bind(function (...element) {
  this[0] = 3;
  return h(...element);
});
