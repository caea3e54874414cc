/** Multiplies all time limits of tests, for slow or busy machines: `WNN_TEST_TIME_SCALE=3 npm test`. */
export const timeScale = Number(process.env['WNN_TEST_TIME_SCALE'] ?? 1)
if (!(timeScale > 0))
  throw new Error(`WNN_TEST_TIME_SCALE must be a number above 0, not ${process.env['WNN_TEST_TIME_SCALE'] ?? ''}.`)
