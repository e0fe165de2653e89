/** Runs the countdowns on from the seconds the server gave, so the clock of this machine does not matter. */
const began = performance.now();
const japanese = document.documentElement.lang === "ja";

function words(seconds) {
  const left = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60];
  if (hours >= 10) return japanese ? `${hours}時間` : `${hours} h`;
  if (hours) return japanese ? `${hours}時間${minutes}分` : `${hours} h ${minutes} min`;
  if (minutes >= 10) return japanese ? `${minutes}分` : `${minutes} min`;
  return `${minutes}:${String(rest).padStart(2, "0")}`;
}

setInterval(() => {
  for (const element of document.querySelectorAll(".countdown")) {
    const left = Number(element.dataset.seconds) - (performance.now() - began) / 1000;
    const next = words(left);
    if (element.textContent !== next) element.textContent = next;
    element.classList.toggle("soon", left < 1800);
    element.classList.toggle("over", left <= 0);
  }
}, 1000);
