/** What a command may begin with before it imports the backend. */
export {endEngineAhead, startEngineAhead} from './engine/host/engine-ahead.js'
