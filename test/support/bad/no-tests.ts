import {suite} from '../suite.js'

suite('no tests')
