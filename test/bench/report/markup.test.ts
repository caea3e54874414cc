import * as assert from 'uvu/assert'
import {markup} from '../../../src/bench/report/markup.js'
import {suite} from '../../support/suite.js'

const test = suite('markup of a report')

test('what is put in is text, in attributes too', () => {
  const name = `<script>alert("1")</script> & 'x'\0`
  const written = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;\uFFFD'
  assert.is(markup`<b title="${name}">${name}</b>`.text, `<b title="${written}">${written}</b>`)
})

test('markup within markup, lists and nothing are put in as they are', () => {
  const items = ['a', '&'].map((text) => markup`<li>${text}</li>`)
  assert.is(markup`<ul>${items}</ul>${undefined}${[1, [2]]}`.text, '<ul><li>a</li><li>&amp;</li></ul>12')
})
