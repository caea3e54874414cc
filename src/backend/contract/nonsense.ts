/** How the warning of a model begins that computes no numbers. */
export const nonsenseWarning = 'The model computes no numbers'
