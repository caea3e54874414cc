import type {Question} from './run-long-conversation.js'

/** It decides the answer to `identity`, which is different without it. */
export const systemPrompt = 'You are Ada, a helpful assistant.'
export const identity: Question = {text: 'Who are you?', answer: 'I am Ada, a helpful assistant.'}

/** Questions that both trained models answer correctly at any place in a conversation. */
export const questions: readonly Question[] = [
  {text: 'What is the capital of France?', answer: 'The capital of France is Paris.'},
  {text: 'What is 4 + 5?', answer: '4 + 5 = 9.'},
  {text: 'List three fruits.', answer: '1. apple\n2. pear\n3. plum'},
  {text: 'What is the capital of Japan?', answer: 'The capital of Japan is Tokyo.'},
  {text: 'Count from 3 to 9.', answer: '3, 4, 5, 6, 7, 8, 9.'},
  {text: 'What is 13 + 19?', answer: '13 + 19 = 32.'},
  {text: 'Hello!', answer: 'Hello! How can I help you?'},
  {text: 'Why is the sky blue?', answer: 'I do not know.'},
  identity,
]
