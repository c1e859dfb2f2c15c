// Everything that pages are made of, in one import.
export { Badge, Busy, Button, Check, Empty, Failure, Field, Kbd, Select, Tabs, TextInput, Timer } from "./controls.js";
export { ask, Dialog, Overlays, prompt, toast } from "./overlays.js";
export { Table } from "./table.js";
export { useKeys } from "./keys.js";
export { usePresses } from "./presses.js";
export { useStyle } from "./style.js";
