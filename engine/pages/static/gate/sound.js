/** Verdicts for the ear and the hand: each kind sounds different with the eyes on the queue. */

const TONES = {
  admit: [[880, 0, 0.09], [1320, 0.1, 0.16]],
  exit_ok: [[880, 0, 0.09], [660, 0.1, 0.16]],
  duplicate: [[330, 0, 0.14], [330, 0.2, 0.14], [330, 0.4, 0.14]],
  reject: [[180, 0, 0.5]],
  unsure: [[440, 0, 0.12], [330, 0.16, 0.24]],
};
const BUZZ = { admit: [60], exit_ok: [40], duplicate: [80, 60, 80, 60, 80], reject: [400], unsure: [120, 80, 120] };
const LOUDNESS = 0.25;

let audio = null;
let on = true;

export function setOn(value) {
  on = value;
}

/** Browsers give sound only after a touch: call this from one. */
export function wake() {
  audio ??= "AudioContext" in window ? new AudioContext() : null;
  audio?.resume();
}

export function play(result) {
  if (!on) return;
  navigator.vibrate?.(BUZZ[result] || BUZZ.reject);
  if (!audio || audio.state !== "running") return;
  for (const [frequency, start, seconds] of TONES[result] || TONES.reject) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.type = result === "reject" ? "sawtooth" : "triangle";
    tone.frequency.value = frequency;
    gain.gain.value = LOUDNESS;
    gain.gain.setTargetAtTime(0, audio.currentTime + start + seconds - 0.03, 0.015);
    tone.connect(gain).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + seconds);
  }
}
