/** The step cannot be carried out as it is written; a fault of the suite, not of the backend. */
export class StepFault extends Error {}
