/** The same choices for the same seed: a linear congruence (Numerical Recipes). */
export function choices(seed: number): (choices: number) => number {
  let state = seed;
  return many => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * many);
  };
}
