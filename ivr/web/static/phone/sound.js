// The headset: microphone, its level, the loudspeaker.
import { signal } from "../vendor/preact.js";

const KEPT = "hotline.headset";
const LOOK = 100; // ms between two looks at the microphone's level

const chosen = () => {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
};

export function createSound() {
  const level = signal(0);
  const audio = document.createElement("audio");
  audio.id = "phone-audio";
  audio.autoplay = true;
  audio.hidden = true;
  document.body.append(audio);
  let microphone = null;
  let context = null;
  let timer = 0;
  const listeners = new Set();

  /** The microphone's stream; asks the person the first time. Throws where there is none. */
  async function open() {
    if (microphone?.getAudioTracks().some((track) => track.readyState === "live")) return microphone;
    const wanted = chosen().microphone;
    const ask = (deviceId) =>
      navigator.mediaDevices.getUserMedia({ audio: { ...(deviceId ? { deviceId: { exact: deviceId } } : {}), ...globalThis.hotlineAudio } });
    try {
      microphone = await ask(wanted);
    } catch (failure) {
      if (!wanted) throw failure;
      microphone = await ask(null); // the chosen one is unplugged
    }
    measure();
    return microphone;
  }

  function measure() {
    context ??= new AudioContext();
    context.resume().catch(() => null);
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(microphone).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    clearInterval(timer);
    timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
      level.value = Math.min(1, Math.round(Math.sqrt(power) * 300) / 100);
    }, LOOK);
  }

  function speaker() {
    const wanted = chosen().speaker;
    if (wanted && audio.setSinkId) audio.setSinkId(wanted).catch(() => null); // unplugged: the usual one
  }

  return {
    level,
    open,
    /** `changed(track)` is told of another microphone. */
    onMicrophone: (changed) => listeners.add(changed),
    play(stream) {
      audio.srcObject = stream;
      if (stream) {
        speaker();
        audio.play().catch(() => null);
      }
    },
    async devices() {
      await open();
      const all = await navigator.mediaDevices.enumerateDevices();
      const of = (kind) => all.filter((each) => each.kind === kind).map(({ deviceId, label }) => ({ id: deviceId, label }));
      return { microphones: of("audioinput"), speakers: of("audiooutput") };
    },
    async choose(what) {
      localStorage.setItem(KEPT, JSON.stringify({ ...chosen(), ...what }));
      speaker();
      if (!("microphone" in what)) return;
      microphone?.getTracks().forEach((track) => track.stop());
      microphone = null;
      const stream = await open();
      for (const changed of listeners) await changed(stream.getAudioTracks()[0]);
    },
    /** One second of 440 Hz in the loudspeaker. */
    async testTone() {
      context ??= new AudioContext();
      await context.resume();
      if (chosen().speaker && context.setSinkId) await context.setSinkId(chosen().speaker).catch(() => null);
      const tone = new OscillatorNode(context, { frequency: 440 });
      const soft = new GainNode(context, { gain: 0.2 });
      tone.connect(soft).connect(context.destination);
      tone.start();
      tone.stop(context.currentTime + 1);
    },
    close() {
      clearInterval(timer);
      level.value = 0;
      microphone?.getTracks().forEach((track) => track.stop());
      microphone = null;
      audio.srcObject = null;
    },
  };
}
