/** The step is not valid: an error of the suite, not of the backend. */
export class StepFault extends Error {}
