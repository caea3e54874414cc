// Dies as an engine does whose GPU driver is too old; with NODE_OPTIONS that is any process. How it says so is in OLD_DRIVER.
const text = 'CUDA error: the provided PTX was compiled with an unsupported toolchain.'
const died = () => process.abort()
if (process.env.OLD_DRIVER === 'log') process.send?.({type: 'log', level: 'error', message: text}, died)
else process.stderr.write(`${text}\n  current device: 0\nggml/src/ggml-cuda/ggml-cuda.cu:98: CUDA error\n`, died)
