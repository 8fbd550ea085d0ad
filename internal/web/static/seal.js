// Checks the seal that stands in the fragment of the link, which never reaches
// the server: a COSE_Sign1 message (RFC 9052) in decimal digits. The format is
// described in docsvc's internal/codes. On the page that the service worker
// shows without a network the address alone tells which act it is.
(function () {
  'use strict';
  var box = document.getElementById('seal');
  var text = location.hash.slice(1);
  var said = box.dataset;
  box.hidden = !text;
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', check);
  else check();

  function check() {
    keepAddress();
    if (!text) return;
    document.querySelectorAll('.unsealed').forEach(function (e) { e.hidden = true; });
    if (!window.crypto || !crypto.subtle) return say('wait', said.unchecked);
    var seal;
    try {
      seal = readSeal(digits(text));
    } catch (e) {
      return say('ended', said.unreadable);
    }
    verify(seal).then(function (state) {
      if (state === 'newer') return say('wait', said.newer);
      if (state !== 'genuine') return say('bad', said[state]);
      var differs = show(seal.facts);
      if (!said.register) say('good', said.alone);
      else if (differs) say('bad', said.differs);
      else say('good', said.genuine);
    }, function () { say('wait', said.unchecked); });
  }

  // A change of language must lose neither the seal nor, without a network, the
  // code; a link to this very address would not ask again.
  function keepAddress() {
    document.querySelectorAll('.languages a').forEach(function (a) {
      if (said.offline) a.pathname = location.pathname;
      if (text) a.hash = text;
    });
    document.querySelectorAll('a.again').forEach(function (a) {
      a.addEventListener('click', function (e) { e.preventDefault(); location.reload(); });
    });
  }

  // keysOf says what was asked without a network, and as of when.
  function keysOf(date) {
    var at = new Date(date), p = box.querySelector('.keys');
    function two(n) { return String(n).padStart(2, '0'); }
    p.textContent = said.keysof.replace('{time}', isNaN(at) ? '–' : two(at.getDate()) + '.' + two(at.getMonth() + 1) + '.' +
      at.getFullYear() + ' ' + two(at.getHours()) + ':' + two(at.getMinutes()));
    p.hidden = false;
  }

  function say(tone, words) {
    var p = box.querySelector('.result');
    p.className = 'result ' + (tone === 'good' ? 'yes' : tone === 'bad' ? 'no' : '');
    var img = document.createElement('img'), span = document.createElement('span');
    img.src = said['icon' + tone[0].toUpperCase() + tone.slice(1)];
    img.alt = '';
    img.width = img.height = 28;
    span.textContent = words;
    p.replaceChildren(img, span);
    box.dataset.state = tone;
    if (tone === 'bad') alarm(words);
  }

  // A paper whose seal is bad must not stand under a green sign: the alarm
  // comes first, and the verdict on the act of that code loses its colour.
  function alarm(words) {
    var verdict = document.querySelector('.banner'), notice = verdict.cloneNode(true);
    verdict.classList.remove('good', 'ended', 'wait', 'ask');
    verdict.querySelector('img').remove();
    notice.className = 'banner bad';
    notice.setAttribute('role', 'alert');
    notice.querySelector('img').src = said.iconBad;
    var title = document.createElement('p'), text = document.createElement('p');
    title.className = 'title';
    title.textContent = said.alarm;
    text.textContent = words;
    notice.lastElementChild.replaceChildren(title, text);
    verdict.before(notice);
  }

  // digits undoes CTAP 2.2, 11.5.1: 17 digits for seven bytes, little endian.
  function digits(s) {
    must(/^[0-9]{1,972}$/.test(s));
    var sizes = {3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6, 17: 7};
    var out = [];
    for (var i = 0; i < s.length; i += 17) {
      var chunk = s.slice(i, i + 17), n = sizes[chunk.length];
      must(n);
      var v = BigInt(chunk);
      for (var j = 0; j < n; j++) { out.push(Number(v & 255n)); v >>= 8n; }
      must(v === 0n);
    }
    return new Uint8Array(out);
  }

  // decode reads the CBOR (RFC 8949) that a seal may hold, in the one form in
  // which it may stand: definite and shortest lengths, keys of maps that are
  // numbers and ascend, and nothing after the end. Maps become Map.
  function decode(bytes) {
    var at = 0, utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
    function head() {
      var first = bytes[at++], low = first & 31, n = low;
      must(first !== undefined);
      if (low >= 24) {
        var size = {24: 1, 25: 2, 26: 4, 27: 8}[low];
        must(size && at + size <= bytes.length && first >> 5 !== 7);
        for (n = 0; size > 0; size--) n = n * 256 + bytes[at++];
        must(n >= {24: 24, 25: 256, 26: 65536, 27: 4294967296}[low] && Number.isSafeInteger(n));
      }
      return [first >> 5, n];
    }
    function item(depth) {
      must(depth < 6);
      var h = head(), n = h[1], i, v;
      switch (h[0]) {
      case 0: return n;
      case 1: return -1 - n;
      case 2: case 3:
        must(at + n <= bytes.length);
        v = bytes.slice(at, at += n);
        return h[0] === 2 ? v : utf8.decode(v);
      case 4:
        for (v = [], i = 0; i < n; i++) v.push(item(depth + 1));
        return v;
      case 5:
        for (v = new Map(), i = 0; i < n; i++) {
          var key = item(depth + 1);
          must(Number.isInteger(key) && key > last(v));
          v.set(key, item(depth + 1));
        }
        return v;
      case 6: return {tag: n, value: item(depth + 1)};
      }
      must(n === 20 || n === 21);
      return n === 21;
    }
    function last(map) { return map.size ? Array.from(map.keys())[map.size - 1] : -1; }
    var value = item(0);
    must(at === bytes.length);
    return value;
  }

  function must(good) {
    if (!good) throw new Error('not a seal');
  }

  function isBytes(v, least, most) {
    return v instanceof Uint8Array && v.length >= least && v.length <= most;
  }

  function isCount(v, least, most) {
    return Number.isInteger(v) && v >= least && v <= most;
  }

  // Marks that change the direction of writing could show something else than
  // was sealed.
  function isText(v) {
    return typeof v === 'string' && v !== '' && !/[\p{C}\p{Zl}\p{Zp}]|[^\S ]/u.test(v) && v === v.normalize('NFC');
  }

  function readSeal(bytes) {
    must(bytes.length <= 400);
    var m = decode(bytes);
    must(m.tag === 18 && Array.isArray(m.value) && m.value.length === 4);
    var parts = m.value;
    must(isBytes(parts[0], 1, 99) && isBytes(parts[2], 1, 400) && isBytes(parts[3], 64, 64));
    must(parts[1] instanceof Map && parts[1].size === 0);
    var header = decode(parts[0]), facts = decode(parts[2]);
    must(header instanceof Map && header.size === 2 && header.get(1) === -7 && isBytes(header.get(4), 1, 16));
    checkFacts(facts);
    return {
      header: parts[0], payload: parts[2], signature: parts[3], facts: facts,
      kid: String.fromCharCode.apply(null, header.get(4))
    };
  }

  function checkFacts(f) {
    must(f instanceof Map && f.get(0) === 1 && Array.from(f.keys()).every(function (k) { return k >= 0 && k <= 11; }));
    [1, 3, 5, 6].forEach(function (k) { must(isText(f.get(k))); });
    must(/^[ -~]+$/.test(f.get(1)));
    must(!f.has(2) || isCount(f.get(2), 1, f.get(1).length - 1));
    must(isCount(f.get(4), 10957, 84005));
    must(!f.has(7) || isCount(f.get(7), 0, 1e15));
    must(!f.has(8) || Array.isArray(f.get(8)) && isCount(f.get(8).length, 1, 8));
    (f.get(8) || []).forEach(function (p) {
      must(Array.isArray(p) && p.length === 2 && isCount(p[0], 1, 3) && isText(p[1]));
    });
    must(!f.has(9) || isCount(f.get(9), 1, 9999));
    must(isBytes(f.get(10), 32, 32) && typeof f.get(11) === 'boolean');
  }

  // byteString is a CBOR byte string of less than 64 KB.
  function byteString(b) {
    var n = b.length;
    return [].concat(n < 24 ? [0x40 + n] : n < 256 ? [0x58, n] : [0x59, n >> 8, n & 255], Array.from(b));
  }

  // code is what the seal's signature covers: the act's, without its hyphens.
  function code() {
    return said.offline ? location.pathname.split('/').pop().replace(/-/g, '').toUpperCase() : said.code;
  }

  // The Sig_structure of RFC 9052, 4.4; external_aad is the act's code.
  function toBeSigned(seal) {
    var context = new TextEncoder().encode('Signature1');
    return new Uint8Array([0x84, 0x60 + context.length].concat(Array.from(context), byteString(seal.header),
      byteString(new TextEncoder().encode(code())), byteString(seal.payload)));
  }

  function verify(seal) {
    return fetch(said.keys, {credentials: 'omit', referrerPolicy: 'no-referrer'}).then(function (answer) {
      if (!answer.ok) throw new Error('keys');
      if (said.offline) keysOf(answer.headers.get('Date'));
      return answer.json();
    }).then(function (set) {
      var jwk = set.keys.find(function (k) { return k.kid === seal.kid; });
      if (!jwk) return said.offline ? 'newer' : 'unknown';
      return crypto.subtle.importKey('jwk', {kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y},
        {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']).then(function (key) {
        return crypto.subtle.verify({name: 'ECDSA', hash: 'SHA-256'}, key, seal.signature, toBeSigned(seal));
      }).then(function (ok) { return ok ? 'genuine' : 'forged'; });
    });
  }

  function hex(b) {
    return Array.from(b, function (x) { return x.toString(16).padStart(2, '0'); }).join('');
  }

  function short(text) {
    return text.length === 64 ? text.slice(0, 16) + '…' : text;
  }

  function manat(q) {
    var whole = String(Math.floor(q / 100)).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
    return said.manat.replace('{amount}', whole + ',' + String(q % 100).padStart(2, '0'));
  }

  // show lists the sealed facts beside the register's and says whether any
  // differs.
  function show(facts) {
    var roles = ['', 'creditor', 'debtor', 'other'];
    var day = new Date(facts.get(4) * 864e5).toISOString().slice(0, 10);
    var differs = false, body = box.querySelector('tbody');
    var list = document.getElementById('facts');
    function registered(fact) {
      return list ? Array.from(list.querySelectorAll('[data-fact=' + fact + ']')) : [];
    }
    function cell(row, kind, words) {
      var c = document.createElement(kind);
      c.textContent = words;
      row.appendChild(c);
      return c;
    }
    function add(label, sealed, words, dd, value) {
      var row = document.createElement('tr');
      cell(row, 'th', label).scope = 'row';
      var sealedCell = cell(row, 'td', words);
      if (list) {
        sealedCell.dataset.label = said.paper;
        var same = sealed === value;
        var c = cell(row, 'td', dd ? dd.textContent : value === undefined ? '–' : short(String(value)));
        c.dataset.label = said.registered;
        var mark = document.createElement('b');
        mark.textContent = same ? ' ✓ ' + said.same : ' ✗ ' + said.different;
        c.appendChild(mark);
        if (!same) { differs = true; row.className = 'differs'; }
      }
      body.appendChild(row);
    }
    function fact(name, label, sealed, words) {
      var dd = registered(name)[0];
      if (sealed === undefined && (!dd || !dd.dataset.value)) return;
      add(label, sealed === undefined ? undefined : String(sealed), words, dd, dd && dd.dataset.value);
    }
    fact('act', said.labelAct, facts.get(1), facts.get(1));
    fact('kind', said.labelKind, facts.get(3), facts.get(3));
    fact('date', said.labelDate, day, day.split('-').reverse().join('.'));
    var caseNumber = facts.has(2) ? facts.get(1).slice(0, facts.get(2)) : undefined;
    fact('case', said.labelCase, caseNumber, caseNumber || '–');
    fact('office', said.labelOffice, facts.get(5), facts.get(5));
    fact('signer', said.labelSigner, facts.get(6), facts.get(6));
    var parties = facts.get(8) || [], others = facts.get(9) || 0, known = registered('party');
    parties.forEach(function (p, i) {
      var role = roles[p[0]] || 'other', dd = known[i];
      add(said['label' + role[0].toUpperCase() + role.slice(1)], role + ' ' + p[1], p[1], dd, dd && dd.dataset.value);
    });
    if (list ? known.length !== parties.length + others || others : others) {
      var n = said.others.replace('{n}', others);
      add('', list ? parties.length + others : '', n, null, list ? known.length : '');
    }
    var amount = facts.get(7);
    fact('amount', said.labelAmount, amount, amount === undefined ? '–' : manat(amount));
    var digest = hex(facts.get(10));
    add(said.labelDigest, digest, short(digest), null, list ? list.dataset.digest : '');
    if (facts.get(11) || list && list.dataset.evaluation === 'true') {
      add('', String(facts.get(11)), said.evaluation, null, list ? list.dataset.evaluation : '');
    }
    var details = box.querySelector('details');
    details.hidden = false;
    details.open = differs || !list;
    return differs;
  }
})();
