/**
 * Names that both trained models repeat, each in a conversation of its own. Of 309 common first names, qwen repeated
 * 306 and phi3 281 (it cuts off Daniel, Michael or Noel). These are the first 120 of the 278 that both repeated.
 */
export const names = (
  'Alice Bob Carol David Emma Frank Grace Henry Irene Jack Kate Leo Mary Nina Oscar Paul Quinn Rose Sam ' +
  'Tom Uma Victor Wendy Xander Yara Zoe Adam Bella Clara Ella Felix Gina Hugo Ivan Julia Karl Laura ' +
  'Mark Oliver Peter Rachel Simon Tina Ursula Vera Walter Yves Zara Anna Ben Chris Diana Eric George ' +
  'Hannah Jane Kevin Martin Nancy Owen Penny Ralph Sarah Thomas Una Vince Will Brian Cindy Dennis Eva ' +
  'Fred Gary Helen Ian James Louis Maria Nick Olga Philip Robert Susan Tim Wanda Aaron Andrew Arthur ' +
  'Barbara Betty Charles Claire Colin Cora Craig Daisy Dana Dean Derek Dora Doris Edith Edgar Elena ' +
  'Ellen Elsa Emil Emily Erik Ernest Ethan Eugene Eve Faith Flora Gerald Gilbert Gloria Greta Gus'
).split(' ')
