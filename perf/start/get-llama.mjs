import {getLlama} from 'node-llama-cpp'

await getLlama({gpu: false, build: 'never'})
process.exit(0)
