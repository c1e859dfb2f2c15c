// The pages work without this: it takes the colours that a reader prefers, spares a second press, adds where one stands.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => (document.documentElement.dataset.theme = dark.matches ? "dark" : "light");
dark.addEventListener("change", paint);
paint();

const AGAIN = 15_000; // ms: whoever stopped what did not come may press again; what came already stays one matter
const form = document.querySelector("form");
if (form) {
  const pressed = (yes) => (form.querySelector("[type=submit]").disabled = yes);
  form.addEventListener("submit", () => {
    setTimeout(() => pressed(true));
    setTimeout(() => pressed(false), AGAIN);
  });
  addEventListener("pageshow", () => pressed(false)); // Back leads here again
  (form.querySelector("[aria-invalid=true]") ?? form.querySelector("[role=alert]"))?.focus?.();
}

const here = document.getElementById("here");
if (here) {
  const button = here.querySelector("button");
  const told = here.querySelector("[role=status]");
  here.hidden = !("geolocation" in navigator) || !isSecureContext;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.longitude.value = coords.longitude.toFixed(6);
        form.elements.latitude.value = coords.latitude.toFixed(6);
        told.textContent = button.dataset.done;
      },
      () => {
        button.disabled = false;
        told.textContent = button.dataset.failed;
      },
      { timeout: 10000 },
    );
  });
}
