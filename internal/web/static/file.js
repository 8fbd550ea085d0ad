// Compares a chosen or dropped file with the act's SHA-256 in the browser, so
// that it need not leave the device. Without this script the form sends it.
(function () {
  'use strict';
  document.querySelectorAll('form.drop').forEach(function (form) {
    var input = form.querySelector('input[type=file]');
    var result = form.querySelector('.result');
    var wanted = form.dataset.sha256, said = result.dataset;
    var local = wanted && window.crypto && crypto.subtle;
    if (local) form.querySelector('.local').hidden = false;

    input.addEventListener('change', function () { check(input.files[0]); });
    ['dragenter', 'dragover'].forEach(function (name) {
      form.addEventListener(name, function (e) { e.preventDefault(); form.classList.add('over'); });
    });
    form.addEventListener('dragleave', function () { form.classList.remove('over'); });
    form.addEventListener('drop', function (e) {
      e.preventDefault();
      form.classList.remove('over');
      if (!e.dataTransfer.files.length) return;
      input.files = e.dataTransfer.files;
      check(input.files[0]);
    });

    function say(words, tone) {
      result.textContent = words;
      result.className = 'result ' + (tone || '');
    }

    function check(file) {
      var tooBig = file && file.size > form.dataset.max * 1048576;
      input.setCustomValidity(tooBig ? said.tooBig : '');
      if (!file) return say('');
      if (tooBig) return say(said.tooBig, 'no');
      if (!local) return say('');
      say(said.working);
      file.arrayBuffer().then(function (data) {
        return crypto.subtle.digest('SHA-256', data);
      }).then(function (sum) {
        var hash = Array.from(new Uint8Array(sum), function (b) { return b.toString(16).padStart(2, '0'); }).join('');
        if (input.files[0] !== file) return;
        if (hash === wanted) say('✓ ' + said.same, 'yes');
        else say('✗ ' + said.different, 'no');
      }).catch(function () { say(said.unreadable, 'no'); });
    }
  });
})();
