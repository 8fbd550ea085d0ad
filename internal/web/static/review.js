// Pages through acts by keyboard without asking the server for the list again.
// Without this script the buttons do the same.
(function () {
  'use strict';
  var form = document.getElementById('review');
  if (!form) return;
  var acts = Array.from(form.querySelectorAll('.review li'));
  var frame = document.getElementById('preview');
  var place = document.getElementById('place');
  var buttons = form.querySelectorAll('.actions button[name=at]');
  var at = Math.max(0, acts.findIndex(function (a) { return a.classList.contains('shown'); }));

  function show(i) {
    if (i < 0 || i >= acts.length) return;
    acts[at].classList.remove('shown');
    acts[at].removeAttribute('aria-current');
    at = i;
    var act = acts[at];
    act.classList.add('shown');
    act.setAttribute('aria-current', 'true');
    act.scrollIntoView({ block: 'nearest' });
    var link = place.querySelector('a');
    link.href = act.dataset.file;
    link.textContent = act.querySelector('input[name=acts]').value;
    place.firstChild.data = place.dataset.text.replace('%1', at + 1).replace('%2', acts.length) + ': ';
    frame.contentWindow.location.replace(act.dataset.file + '#toolbar=0&navpanes=0&view=FitH');
  }

  buttons.forEach(function (b) { b.remove(); });
  document.querySelector('.keys').hidden = false;
  form.addEventListener('submit', function (event) {
    if (event.submitter && event.submitter.name === 'at') {
      event.preventDefault();
      show(Number(event.submitter.value));
    }
  });
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    switch (event.key) {
      case 'ArrowRight': case 'j': show(at + 1); break;
      case 'ArrowLeft': case 'k': show(at - 1); break;
      case ' ':
        if (event.target !== document.body) return; // the key presses what has the focus
        acts[at].querySelector('input[name=acts]').click();
        break;
      default: return;
    }
    event.preventDefault();
  });
})();
