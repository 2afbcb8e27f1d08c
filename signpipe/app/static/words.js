// How things are said.

export const NONE_OF_THESE = "none of these";
export const NOT_SIGNING = "not signing";

export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

export function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** An answer with a capital where it is no sign's name. */
export function worded(answer) {
  return answer === NONE_OF_THESE ? "None of these" : answer;
}
